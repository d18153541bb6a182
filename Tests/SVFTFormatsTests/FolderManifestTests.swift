// The manifest of a finished folder: what it lists, and each damage it tells apart.
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct FolderManifestTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write("a", "abc")
    try FileSystem.makeFolder(folder.file("sub"))
    try folder.write("sub/b", "")
    try FolderManifest(describing: folder.path).write(to: folder.path)
  }

  @Test func sizesAndHashesAreThoseOfTheFiles() throws {
    let manifest = try #require(try FolderManifest(reading: folder.path))
    #expect(manifest.files.map(\.name) == ["a", "sub/b"])
    #expect(manifest.files.map(\.size) == [3, 0])
    // FIPS 180-2's example, and the digest of nothing.
    #expect(
      manifest.files.map(\.sha256) == [
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      ])
    try manifest.verify(folder.path)
    #expect(try manifest.strangers(in: folder.path).isEmpty)
  }

  @Test func withoutItAFolderWasNeverFinished() throws {
    try FileSystem.remove(folder.file(FolderManifest.name))
    #expect(try FolderManifest(reading: folder.path) == nil)
  }

  @Test(
    arguments: [
      ("ab", SVFTError.Kind.truncated, "expected 3 bytes, found 2"),
      ("abcd", .format, "expected 3 bytes, found 4"), ("abd", .format, "SHA-256"),
      (nil, .format, "missing"),
    ] as [(String?, SVFTError.Kind, String)])
  func damageIsNamed(_ contents: String?, _ kind: SVFTError.Kind, _ words: String) throws {
    try FileSystem.remove(folder.file("a"))
    if let contents { try folder.write("a", contents) }
    let manifest = try #require(try FolderManifest(reading: folder.path))
    let error = #expect(throws: SVFTError.self) { try manifest.verify(folder.path) }
    #expect(error?.kind == kind)
    #expect(error?.message.contains(words) == true)
    #expect(error?.message.contains(folder.file("a")) == true)
  }

  @Test func filesThatCameLaterAreStrangers() throws {
    try folder.write("sub/c", "x")
    let manifest = try #require(try FolderManifest(reading: folder.path))
    try manifest.verify(folder.path)
    #expect(try manifest.strangers(in: folder.path) == ["sub/c"])
  }

  @Test(arguments: ["../a", "/etc/passwd", "", "a/b/c/d/e", "sub/..", ".", "a\\u0000b"])
  func namesThatLeaveTheFolderAreRefused(_ name: String) throws {
    try folder.write(
      FolderManifest.name,
      #"{"version": 1, "files": [{"name": "\#(name)", "size": 0, "sha256": ""}]}"#)
    let error = #expect(throws: SVFTError.self) { try FolderManifest(reading: folder.path) }
    #expect(error?.kind == .format)
  }

  @Test func anotherVersionIsUnsupported() throws {
    try folder.write(FolderManifest.name, #"{"version": 2, "files": []}"#)
    let error = #expect(throws: SVFTError.self) { try FolderManifest(reading: folder.path) }
    #expect(error?.kind == .unsupported)
  }
}
