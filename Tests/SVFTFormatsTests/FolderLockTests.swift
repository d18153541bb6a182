// One writer per folder, for as long as the lock is held and no longer.
import Glibc
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct FolderLockTests {
  @Test func aSecondWriterIsBusyUntilTheFirstEnds() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("run")
    var first: FolderLock? = try FolderLock(path)
    let error = #expect(throws: SVFTError.self) { try FolderLock(path) }
    #expect(error?.kind == .busy)
    #expect(error?.message.contains(path) == true)
    #expect(error?.message.contains("of this process or of another") == true)
    withExtendedLifetime(first) {}
    first = nil
    _ = try FolderLock(path)
  }

  @Test func anotherFolderIsFree() throws {
    let folder = try TemporaryFolder()
    let first = try FolderLock(folder.file("a"))
    _ = try FolderLock(folder.file("b"))
    withExtendedLifetime(first) {}
  }

  @Test func aLinkInItsPlaceIsNotFollowed() throws {
    let folder = try TemporaryFolder()
    let target = try folder.write("target", "x")
    try FileSystem.makeFolder(folder.file("run"))
    #expect(symlink(target, folder.file("run/") + FolderLock.name) == 0)
    #expect(throws: SVFTError.self) { try FolderLock(folder.file("run")) }
  }
}
