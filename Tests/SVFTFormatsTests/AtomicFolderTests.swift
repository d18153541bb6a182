// Folders appear whole or not at all; nothing whole, and nobody's files, are ever lost.
import Foundation
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct AtomicFolderTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func aNewFolderIsWholeAndVerified() throws {
    let path = folder.file("out/adapter")
    try save(path, ["a": "one", "b": "two"])
    #expect(try AtomicFolder.verify(path))
    #expect(try FileSystem.list(path) == ["COMPLETE", "a", "b"])
    #expect(try FileSystem.list(folder.file("out")) == ["adapter"])
  }

  @Test func anOwnFolderIsReplacedWhole() throws {
    let path = folder.file("adapter")
    try save(path, ["a": "one", "b": "two"])
    try save(path, ["a": "three"])
    #expect(try FileSystem.list(path) == ["COMPLETE", "a"])
    #expect(try FileSystem.read(path + "/a").array == Array("three".utf8))
    #expect(try FileSystem.list(folder.path) == ["adapter"])
  }

  @Test func filesInFoldersOfAFolderAreWatchedToo() throws {
    let path = folder.file("model")
    try AtomicFolder.write(path) { (place) throws(SVFTError) in
      try FileSystem.makeFolder(FileSystem.join(place, "1_Pooling"))
      try AtomicFile.write(FileSystem.join(place, "1_Pooling/config.json"), text: "{}")
    }
    #expect(try AtomicFolder.verify(path))
    try folder.write("model/1_Pooling/letter", "dear")
    #expect(kind { try save(path, ["a": "one"]) } == .invalidArgument)
    try FileSystem.remove(folder.file("model/1_Pooling/letter"))
    try folder.write("model/1_Pooling/config.json", "{ }")
    #expect(kind { try AtomicFolder.verify(path) } == .format)
  }

  @Test func anEmptyFolderIsReplaced() throws {
    try FileSystem.makeFolder(folder.file("adapter"))
    try save(folder.file("adapter"), ["a": "one"])
    #expect(try AtomicFolder.verify(folder.file("adapter")))
  }

  @Test func foldersWithOtherFilesAreNotTouched() throws {
    let path = folder.file("home")
    try FileSystem.makeFolder(path)
    try folder.write("home/letter", "dear")
    #expect(kind { try save(path, ["a": "one"]) } == .invalidArgument)
    try save(folder.file("own"), ["a": "one"])
    try folder.write("own/letter", "dear")
    #expect(kind { try save(folder.file("own"), ["a": "two"]) } == .invalidArgument)
    #expect(try FileSystem.list(path) == ["letter"])
    #expect(try FileSystem.read(folder.file("own/a")).array == Array("one".utf8))
    try folder.write("file", "x")
    #expect(kind { try save(folder.file("file"), ["a": "one"]) } == .io)
  }

  @Test func aFailureKeepsTheOldFolderAndLeavesNothing() throws {
    let path = folder.file("adapter")
    try save(path, ["a": "one"])
    let found = kind {
      try AtomicFolder.write(path) { (place) throws(SVFTError) in
        try AtomicFile.write(place + "/a", text: "two")
        throw SVFTError(.noSpace, "full")
      }
    }
    #expect(found == .noSpace)
    #expect(try FileSystem.read(path + "/a").array == Array("one".utf8))
    #expect(try FileSystem.list(folder.path) == ["adapter"])
    #expect(
      kind { try AtomicFolder.write(path, expecting: .max) { _ in } } == .noSpace)
  }

  @Test func exchangeWithoutTheSystemsHelpIsTheSame() throws {
    try folder.write("new", "2")
    try folder.write("old", "1")
    try AtomicFolder.exchangeInTwoSteps(folder.file("new"), folder.file("old"))
    #expect(try FileSystem.read(folder.file("old")).array == Array("2".utf8))
    #expect(try FileSystem.read(folder.file("new")).array == Array("1".utf8))
    #expect(
      kind { try AtomicFolder.exchangeInTwoSteps(folder.file("gone"), folder.file("old")) } == .io)
    #expect(try FileSystem.read(folder.file("old")).array == Array("2".utf8))
  }

  @Test func aFolderLeftAsideByAKilledProcessComesBack() throws {
    let path = folder.file("adapter")
    try save(path, ["a": "one"])
    try FileSystem.rename(path, to: folder.file(".svft-old-adapter"))
    #expect(try AtomicFolder.verify(path))
  }

  @Test func damageIsAnErrorAndUnfinishedIsNot() throws {
    let path = folder.file("adapter")
    func fresh() throws {
      try FileSystem.remove(path)
      try save(path, ["a": "contents"])
    }
    try fresh()
    try folder.write("adapter/a", "contentz")
    #expect(kind { try AtomicFolder.verify(path) } == .format)
    try folder.write("adapter/a", "cont")
    #expect(kind { try AtomicFolder.verify(path) } == .truncated)
    try FileSystem.remove(path + "/a")
    #expect(kind { try AtomicFolder.verify(path) } == .format)
    try fresh()
    let manifest = try FileSystem.read(path + "/COMPLETE").array
    for count in 0..<manifest.count - 2 {
      try folder.write("adapter/COMPLETE", Array(manifest[..<count]))
      #expect(kind { try AtomicFolder.verify(path) } == .truncated, "\(count) bytes")
    }
    for text in [
      "{}", #"{"version":2,"files":[]}"#,
      #"{"version":1,"files":[{"name":"../x","size":1,"sha256":""}]}"#,
    ] {
      try folder.write("adapter/COMPLETE", text)
      #expect(kind { try AtomicFolder.verify(path) } != nil)
    }
    try FileSystem.remove(path + "/COMPLETE")
    #expect(try !AtomicFolder.verify(path))
  }

  @Test func leftoversGoAndLinksAreNotFollowed() throws {
    try folder.write("precious", "x")
    try FileSystem.makeFolder(folder.file("out/.svft-tmp-1-a/deep"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("out/.svft-tmp-1-a/deep/link"), withDestinationPath: folder.path)
    try AtomicFolder.removeLeftovers(in: folder.file("out"))
    #expect(try FileSystem.list(folder.file("out")).isEmpty)
    #expect(try FileSystem.isFile(folder.file("precious")))
  }

  @Test func theSecondWriterIsBusy() throws {
    var first: FolderLock? = try FolderLock(folder.file("run"))
    #expect(kind { try FolderLock(folder.file("run")) } == .busy)
    withExtendedLifetime(first) {}
    first = nil
    _ = try FolderLock(folder.file("run"))
  }

  private func save(_ path: String, _ files: [String: String]) throws {
    try AtomicFolder.write(path) { (place) throws(SVFTError) in
      for (name, text) in files { try AtomicFile.write(place + "/" + name, text: text) }
    }
  }

  private func kind(_ body: () throws -> some Any) -> SVFTError.Kind? {
    #expect(throws: SVFTError.self) { _ = try body() }?.kind
  }
}
