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

  /// A forked child has copies of all open files until it runs another program.
  @Test func aCopyOfTheOpenFileDoesNotKeepTheLock() throws {
    let folder = try TemporaryFolder()
    var first: FolderLock? = try FolderLock(folder.path)
    let path = "\(FileSystem.name(folder.path))/\(FolderLock.name)"
    let copies = (0..<1024 as Range<Int32>).filter {
      var name = [CChar](repeating: 0, count: 4096)
      let length = readlink("/proc/self/fd/\($0)", &name, 4096)
      let bytes = name.prefix(max(0, length)).map { UInt8(bitPattern: $0) }
      return String(decoding: bytes, as: UTF8.self).hasSuffix(path)
    }.map { dup($0) }
    #expect(copies.count == 1 && copies[0] >= 0)
    withExtendedLifetime(first) {}
    first = nil
    _ = try FolderLock(folder.path)
    for copy in copies { close(copy) }
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
