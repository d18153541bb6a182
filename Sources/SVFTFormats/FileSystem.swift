// Names in the file system: what is there, folders made and removed, small files read whole. Every
// path is checked for what C would silently cut (a zero byte). Nothing here follows a symbolic link
// while removing.
package import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Questions to the file system and changes of names in it.
package enum FileSystem {
  /// What a path names.
  package enum Kind: Sendable { case file, folder, other }

  /// Refuses paths that the system would misread: empty ones and ones with a zero byte.
  package static func check(_ path: String) throws(SVFTError) {
    if path.isEmpty { throw SVFTError(.invalidArgument, "the path is empty") }
    if path.utf8.contains(0) {
      throw SVFTError(.invalidArgument, "the path contains a zero byte: \(path.debugDescription)")
    }
  }

  /// What `path` names, symbolic links followed; nil where there is nothing (or nothing we may
  /// see).
  package static func kind(_ path: String) throws(SVFTError) -> Kind? {
    try check(path)
    var status = stat()
    if stat(path, &status) != 0 {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw SystemFailure.last("cannot examine \(path)")
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    default: return .other
    }
  }

  /// Whether `path` names a regular file.
  package static func isFile(_ path: String) throws(SVFTError) -> Bool { try kind(path) == .file }

  /// Whether `path` names a folder.
  package static func isFolder(_ path: String) throws(SVFTError) -> Bool {
    try kind(path) == .folder
  }

  /// Whether two paths lead to one file or folder that is there.
  package static func areSame(_ one: String, _ other: String) throws(SVFTError) -> Bool {
    var (first, second) = (stat(), stat())
    guard try kind(one) != nil, try kind(other) != nil, stat(one, &first) == 0,
      stat(other, &second) == 0
    else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  /// The names in a folder in byte order, without "." and "..".
  package static func list(_ path: String) throws(SVFTError) -> [String] {
    try check(path)
    guard let folder = opendir(path) else { throw SystemFailure.last("cannot list \(path)") }
    defer { closedir(folder) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(folder) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    if errno != 0 { throw SystemFailure.last("cannot list \(path)") }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Makes a folder and those above it.
  ///
  /// One that exists already is fine.
  package static func makeFolder(_ path: String) throws(SVFTError) {
    try check(path)
    if mkdir(path, 0o777) == 0 { return }
    let code = errno
    if code == ENOENT, let above = parent(path), above != path {
      try makeFolder(above)
      if mkdir(path, 0o777) == 0 { return }
    }
    if try kind(path) == .folder { return }
    throw SystemFailure.error(code, "cannot make the folder \(path)")
  }

  /// The folder a path lies in: "a/b" → "a", "b" → ".", "/" → nil.
  package static func parent(_ path: String) -> String? {
    var bytes = Array(path.utf8)
    while bytes.count > 1 && bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    if bytes.count == 1 { return nil }
    bytes.removeSubrange(max(slash, 1)...)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The last part of a path: "a/b/" → "b".
  package static func name(_ path: String) -> String {
    var bytes = Array(path.utf8)
    while bytes.count > 1 && bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(decoding: bytes[(slash + 1)...], as: UTF8.self)
  }

  /// `folder` and `name` as one path.
  package static func join(_ folder: String, _ name: String) -> String {
    folder.utf8.last == UInt8(ascii: "/") ? folder + name : folder + "/" + name
  }

  /// The whole contents of a regular file of at most `limit` bytes.
  package static func read(_ path: String, limit: Int = Limits.fileBytes) throws(SVFTError)
    -> Buffer
  {
    try MappedFile(path, access: .copied, limit: limit).buffer
  }

  /// Gives a file or folder a new name, replacing a file (or an empty folder) of that name.
  package static func rename(_ old: String, to new: String) throws(SVFTError) {
    try check(old)
    try check(new)
    if renameFile(old, new) != 0 { throw SystemFailure.last("cannot rename \(old) to \(new)") }
  }

  /// Waits until the names in a folder are on the device.
  package static func sync(folder: String) throws(SVFTError) {
    let opened = try OpenFile(folder, flags: O_RDONLY | O_DIRECTORY)
    // Some file systems cannot sync a folder and say EINVAL; nothing more can be done there.
    if fsync(opened.descriptor) != 0 && errno != EINVAL {
      throw SystemFailure.last("cannot sync \(folder)")
    }
  }
}

private func renameFile(_ old: String, _ new: String) -> Int32 { rename(old, new) }
