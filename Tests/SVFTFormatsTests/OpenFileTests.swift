// Descriptors: kept from child processes, and gone with what held them.
import Foundation
import Glibc
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct OpenFileTests {
  @Test func descriptorsCloseOnExecAndWithTheirOwner() throws {
    let folder = try TemporaryFolder()
    let path = folder.file(FolderLock.name)
    var lock: FolderLock? = try FolderLock(folder.path)
    let open = try descriptors(of: path)
    #expect(open.count == 1)
    for descriptor in open { #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0) }
    withExtendedLifetime(lock) {}
    lock = nil
    #expect(try descriptors(of: path).isEmpty)
  }

  @Test func aMappedFileKeepsNoDescriptor() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("f", "x")
    let file = try MappedFile(path)
    #expect(try descriptors(of: path).isEmpty)
    #expect(file.byteCount == 1)
  }

  @Test func aFailedWriteClosesItsFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("f")
    #expect(throws: SVFTError.self) {
      try AtomicFile.write(path) { (_) throws(SVFTError) in throw SVFTError(.cancelled, "x") }
    }
    #expect(try descriptors(of: folder.path).isEmpty)
  }

  /// The descriptors of this process whose path begins with `path`.
  private func descriptors(of path: String) throws -> [Int32] {
    let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    return try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").filter { name in
      let target = try? FileManager.default.destinationOfSymbolicLink(
        atPath: "/proc/self/fd/" + name)
      return target?.hasPrefix(real) == true
    }.compactMap { Int32($0) }
  }
}
