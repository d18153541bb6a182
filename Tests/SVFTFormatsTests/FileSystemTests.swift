// Names in the file system: questions, changes, and removal that follows no link.
import Foundation
import Glibc
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct FileSystemTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func kindsAreToldApart() throws {
    let file = try folder.write("f", "x")
    #expect(symlink(file, folder.file("link")) == 0)
    #expect(symlink(folder.file("none"), folder.file("dangling")) == 0)
    #expect(try FileSystem.kind(file) == .file)
    #expect(try FileSystem.kind(folder.file("link")) == .file)
    #expect(try FileSystem.kind(folder.path) == .folder)
    #expect(try FileSystem.kind("/dev/null") == .other)
    #expect(try FileSystem.kind(folder.file("none")) == nil)
    #expect(try FileSystem.kind(folder.file("dangling")) == nil)
    #expect(try FileSystem.kind(file + "/below") == nil)
  }

  @Test(arguments: ["", "a\0b"])
  func pathsThatCWouldMisreadAreRefused(_ path: String) throws {
    let calls: [() throws -> Void] = [
      { _ = try FileSystem.kind(path) }, { _ = try FileSystem.list(path) },
      { try FileSystem.makeFolder(path) }, { try FileSystem.remove(path) },
      { try FileSystem.rename("a", to: path) },
    ]
    for call in calls {
      #expect(#expect(throws: SVFTError.self) { try call() }?.kind == .invalidArgument)
    }
  }

  @Test func foldersAreMadeWithThoseAboveThem() throws {
    let path = folder.file("a/b/c")
    try FileSystem.makeFolder(path)
    try FileSystem.makeFolder(path)
    #expect(try FileSystem.isFolder(path))
    try folder.write("file", "x")
    for blocked in [folder.file("file"), folder.file("file/below")] {
      #expect(#expect(throws: SVFTError.self) { try FileSystem.makeFolder(blocked) }?.kind == .io)
    }
  }

  @Test func listsAreInByteOrder() throws {
    for name in ["b", "a", "é", "B", ".hidden"] { try folder.write(name, "") }
    #expect(try FileSystem.list(folder.path) == [".hidden", "B", "a", "b", "é"])
    #expect(throws: SVFTError.self) { try FileSystem.list(folder.file("none")) }
  }

  @Test(
    arguments: [
      ("a/b", "a", "b"), ("b", ".", "b"), ("/b", "/", "b"), ("a/b/", "a", "b"), ("/", nil, ""),
      ("a//b", "a/", "b"),
    ] as [(String, String?, String)])
  func pathsAreTakenApart(_ path: String, _ parent: String?, _ name: String) {
    #expect(FileSystem.parent(path) == parent)
    #expect(FileSystem.name(path) == name)
  }

  @Test func joiningPutsOneSlash() {
    #expect(FileSystem.join("a", "b") == "a/b")
    #expect(FileSystem.join("/", "b") == "/b")
  }

  @Test func renamingReplacesAFile() throws {
    let old = try folder.write("old", "new contents")
    let new = try folder.write("new", "x")
    try FileSystem.rename(old, to: new)
    #expect(try FileSystem.list(folder.path) == ["new"])
    #expect(try FileSystem.read(new).array == Array("new contents".utf8))
    #expect(throws: SVFTError.self) { try FileSystem.rename(old, to: new) }
  }

  @Test func removalTakesWholeFoldersAndFollowsNoLink() throws {
    try FileSystem.makeFolder(folder.file("keep"))
    try folder.write("keep/file", "x")
    try FileSystem.makeFolder(folder.file("gone/below"))
    try folder.write("gone/below/file", "x")
    #expect(symlink(folder.file("keep"), folder.file("gone/link")) == 0)
    #expect(symlink(folder.file("keep"), folder.file("link")) == 0)
    try FileSystem.remove(folder.file("gone"))
    try FileSystem.remove(folder.file("link"))
    try FileSystem.remove(folder.file("never-there"))
    #expect(try FileSystem.list(folder.path) == ["keep"])
    #expect(try FileSystem.list(folder.file("keep")) == ["file"])
  }
}
