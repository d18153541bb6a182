// Removing files and whole folders. A symbolic link is removed, never followed, so that a link
// planted in an output folder cannot lead the removal elsewhere.
package import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension FileSystem {
  /// Removes a file, a link or a whole folder.
  ///
  /// What is not there is fine.
  package static func remove(_ path: String) throws(SVFTError) {
    try check(path)
    try remove(path, in: AT_FDCWD, shown: path, depth: 0)
  }

  private static func remove(_ name: String, in folder: Int32, shown: String, depth: Int)
    throws(SVFTError)
  {
    if unlinkat(folder, name, 0) == 0 || errno == ENOENT { return }
    let code = errno
    guard code == EISDIR || code == EPERM else {
      throw SystemFailure.error(code, "cannot remove \(shown)")
    }
    guard depth < 64 else {
      throw SVFTError(.limit, "cannot remove \(shown): folders are nested more than 64 deep")
    }
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    let opened = openat(folder, name, flags)
    guard opened >= 0 else { throw SystemFailure.error(code, "cannot remove \(shown)") }
    try removeContents(of: opened, shown: shown, depth: depth)
    if unlinkat(folder, name, AT_REMOVEDIR) != 0 && errno != ENOENT {
      throw SystemFailure.last("cannot remove \(shown)")
    }
  }

  /// Empties the folder behind `descriptor` and closes it.
  private static func removeContents(of descriptor: Int32, shown: String, depth: Int)
    throws(SVFTError)
  {
    guard let folder = fdopendir(descriptor) else {
      close(descriptor)
      throw SystemFailure.last("cannot list \(shown)")
    }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      try remove(name, in: descriptor, shown: join(shown, name), depth: depth + 1)
    }
  }
}
