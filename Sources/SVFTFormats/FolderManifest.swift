// The file COMPLETE, written last into a folder: names, sizes and SHA-256 of all the others. A
// folder without it was never finished; one that does not agree with it was damaged afterwards. The
// two are told apart, because the first is skipped and the second is an error that somebody must
// hear of.
package import SVFTTensor

/// What a finished folder holds.
package struct FolderManifest: Sendable {
  /// One file of the folder.
  package struct File: Sendable, Equatable {
    package let name: String
    package let size: Int
    /// SHA-256 in lower-case hexadecimal digits.
    package let sha256: String
  }

  /// The manifest's own name.
  package static let name = "COMPLETE"
  private static let version = 1

  package let files: [File]

  /// Describes the files that lie in a folder now.
  package init(describing folder: String) throws(SVFTError) {
    var files: [File] = []
    for name in try Self.names(in: folder) where name != Self.name {
      files.append(try Self.describe(name, in: folder))
    }
    self.files = files
  }

  /// The most names on the way to a file ("sub/1_Pooling/config.json"): folders of people are no
  /// deeper, and links in a circle end.
  package static let deepest = 4

  /// The files of a folder and of the folders in it, down to the deepest.
  package static func names(in folder: String) throws(SVFTError) -> [String] {
    try names(in: folder, depth: 1)
  }

  private static func names(in folder: String, depth: Int) throws(SVFTError) -> [String] {
    var names: [String] = []
    for name in try FileSystem.list(folder) {
      let path = FileSystem.join(folder, name)
      guard depth < deepest, try FileSystem.isFolder(path) else {
        names.append(name)
        continue
      }
      names += try Self.names(in: path, depth: depth + 1).map { "\(name)/\($0)" }
    }
    return names
  }

  /// Reads the manifest of a folder; nil where the folder was never finished.
  package init?(reading folder: String) throws(SVFTError) {
    let path = FileSystem.join(folder, Self.name)
    guard try FileSystem.kind(path) != nil else { return nil }
    let root = try JSON.read(path).root(path)
    do throws(SVFTError) {
      guard try root.int("version") == Self.version else {
        throw SVFTError(
          .unsupported,
          "expected manifest version \(Self.version), found \(try root.int("version"))")
      }
      var files: [File] = []
      for entry in try root.objects("files") {
        let name = try entry.string("name")
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= Self.deepest, !name.utf8.contains(0),
          parts.allSatisfy({ !$0.isEmpty && $0 != ".." && $0 != "." })
        else {
          throw SVFTError(.format, "\(name.debugDescription) is no file of this folder")
        }
        files.append(
          File(name: name, size: try entry.int("size"), sha256: try entry.string("sha256")))
      }
      self.files = files
    } catch { throw error.while(path) }
  }

  /// Writes the manifest into its folder.
  package func write(to folder: String) throws(SVFTError) {
    let entries = files.map { file -> JSON in
      ["name": .string(file.name), "size": .integer(file.size), "sha256": .string(file.sha256)]
    }
    let root: JSON = ["version": .integer(Self.version), "files": .array(entries)]
    try AtomicFile.write(FileSystem.join(folder, Self.name), text: root.text(.pretty))
  }

  /// Throws where a file of the folder is missing, short or changed.
  package func verify(_ folder: String) throws(SVFTError) {
    for file in files {
      let path = FileSystem.join(folder, file.name)
      guard try FileSystem.isFile(path) else {
        throw SVFTError(.format, "\(path): the file is missing, though the folder was complete")
      }
      let found = try Self.describe(file.name, in: folder)
      guard found.size == file.size else {
        throw SVFTError(
          found.size < file.size ? .truncated : .format,
          "\(path): expected \(file.size) bytes, found \(found.size)")
      }
      guard found == file else {
        throw SVFTError(
          .format, "\(path): its SHA-256 is not the one in \(Self.name); it was changed")
      }
    }
  }

  /// The names in a folder that are neither the manifest nor listed in it.
  package func strangers(in folder: String) throws(SVFTError) -> [String] {
    let known = Set(files.map(\.name)).union([Self.name])
    return try Self.names(in: folder).filter { !known.contains($0) }
  }

  /// Bytes that are hashed at a time: whole pages.
  private static let piece = 4 << 20

  private static func describe(_ name: String, in folder: String) throws(SVFTError) -> File {
    let file = try MappedFile(FileSystem.join(folder, name))
    var hash = SHA256()
    // In pieces whose pages go back: the files of a checkpoint do not come to lie in memory once
    // more, beside the run that wrote them.
    for start in stride(from: 0, to: file.byteCount, by: piece) {
      let window = try file.window(
        offset: start, byteCount: min(piece, file.byteCount - start))
      withExtendedLifetime(window) { hash.update(window.bytes) }
      window.releasePages()
    }
    return File(name: name, size: file.byteCount, sha256: hash.hexadecimal)
  }
}
