// Writing a file whole or not at all: a temporary file in the same folder, every write and close
// checked, synced, renamed over the old one, the folder synced. Whatever fails, the old file stays
// as it was and the temporary one goes; if the process is killed, the next write into the folder
// removes it. Free space is asked for first, so that a full disk is told before the work is done.
package import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Files that appear whole.
package enum AtomicFile {
  /// Writes a file through `body`, which gets the place to write to.
  ///
  /// `expecting` is the size if known, for the check of free space. `.noSpace` where there is too
  /// little, `.io` for every other failure of the system; the errors of `body` pass through.
  package static func write(
    _ path: String, expecting size: Int = 0,
    _ body: (ByteSink) throws(SVFTError) -> Void
  ) throws(SVFTError) {
    try write([(path, size)]) { (_, sink) throws(SVFTError) in try body(sink) }
  }

  /// Writes files of one folder that belong together through `body`, which gets the number of each
  /// in turn.
  ///
  /// All are whole under temporary names before the first of them gets its own, and the first of
  /// the list gets it last: whoever finds it finds the others. An old first file goes before, so
  /// that a process that is killed meanwhile leaves no file beside parts of another save.
  package static func write(
    _ files: [(path: String, size: Int)], _ body: (Int, ByteSink) throws(SVFTError) -> Void
  ) throws(SVFTError) {
    for (path, _) in files {
      try during("cannot save \(path)") { () throws(SVFTError) in
        guard let kind = try FileSystem.kind(path), kind != .file else { return }
        let what = kind == .folder ? "a folder" : "a device, socket or pipe"
        throw SVFTError(.io, "expected a regular file or none, found \(what)")
      }
    }
    guard let first = files.first?.path else { return }
    try during("cannot save \(first)") { () throws(SVFTError) in try replace(files, body) }
  }

  /// Writes a small text file.
  package static func write(_ path: String, text: String) throws(SVFTError) {
    try write(path, expecting: text.utf8.count) { (sink) throws(SVFTError) in try sink.write(text) }
  }

  private static func replace(
    _ files: [(path: String, size: Int)], _ body: (Int, ByteSink) throws(SVFTError) -> Void
  ) throws(SVFTError) {
    let folder = files.first.flatMap { FileSystem.parent($0.path) } ?? "/"
    TemporaryName.removeLeftovers(in: folder)
    var total = 0
    for file in files { total = try Checked.sum(total, file.size, "the size of all files") }
    try requireSpace(total, in: folder)
    let temporaries = files.map { _ in FileSystem.join(folder, TemporaryName().text) }
    do {
      for (number, temporary) in temporaries.enumerated() {
        let file = try OpenFile(temporary, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
        let sink = try ByteSink(file)
        try body(number, sink)
        try sink.flush()
        try file.sync()
        try file.close()
      }
      try place(temporaries, files.map(\.path), in: folder)
    } catch {
      for temporary in temporaries { try? FileSystem.remove(temporary) }
      throw error
    }
    try FileSystem.sync(folder: folder)
  }

  /// Gives all files their names. An old first file comes back where none of the others has been
  /// replaced.
  private static func place(
    _ temporaries: [String], _ paths: [String], in folder: String
  ) throws(SVFTError) {
    let aside = FileSystem.join(folder, TemporaryName().text)
    let replaces = paths.count > 1 ? try FileSystem.kind(paths[0]) != nil : false
    if replaces { try FileSystem.rename(paths[0], to: aside) }
    var placed = 0
    do throws(SVFTError) {
      for (temporary, path) in zip(temporaries, paths).reversed() {
        try FileSystem.rename(temporary, to: path)
        placed += 1
      }
    } catch {
      if replaces, placed == 0 { try FileSystem.rename(aside, to: paths[0]) }
      if replaces, placed > 0 { try FileSystem.remove(aside) }
      throw error
    }
    if replaces { try FileSystem.remove(aside) }
  }

  /// Throws `.noSpace` where the file system of `folder` has fewer than `size` bytes for us.
  package static func requireSpace(_ size: Int, in folder: String) throws(SVFTError) {
    try FileSystem.check(folder)
    var status = statvfs()
    if statvfs(folder, &status) != 0 { throw SystemFailure.last("cannot examine \(folder)") }
    let (free, overflow) = UInt64(status.f_bavail)
      .multipliedReportingOverflow(by: UInt64(status.f_frsize))
    if overflow || UInt64(clamping: size) <= free { return }
    throw SVFTError(
      .noSpace, "\(folder): expected \(size) free bytes, found \(free); free some and try again")
  }
}
