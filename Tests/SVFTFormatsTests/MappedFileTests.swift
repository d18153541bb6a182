// Files in memory: mapped and copied alike, and everything that is no regular file refused.
import Foundation
import Glibc
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct MappedFileTests {
  @Test(arguments: [MappedFile.Access.mapped, .copied])
  func contentsAreTheFile(_ access: MappedFile.Access) throws {
    let folder = try TemporaryFolder()
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let file = try MappedFile(folder.write("f", bytes), access: access)
    #expect(file.buffer.array == bytes)
    #expect(try file.window(offset: 9_000, byteCount: 1_000).array == Array(bytes[9_000...]))
    #expect(try file.window(offset: 10_000, byteCount: 0).byteCount == 0)
  }

  @Test func aFileLeftAloneHasAnIdentityAndAFreshOneHasNone() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("f", [1, 2, 3])
    #expect(try MappedFile(path).identity == nil)
    // Only its time of change can tell that its other time was set back.
    let old = Date(timeIntervalSinceNow: -1000)
    try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: path)
    #expect(try MappedFile(path).identity == nil)
    let config = SharedData.packageRoot + "/Tests/Fixtures/llama/config.json"
    let other = SharedData.packageRoot + "/Tests/Fixtures/bert/config.json"
    let known = try MappedFile(config).identity
    #expect(known != nil)
    #expect(try MappedFile(config, access: .copied).identity == known)
    #expect(try MappedFile(other).identity != known)
  }

  @Test func windowsOutsideTheFileAreTruncated() throws {
    let folder = try TemporaryFolder()
    let file = try MappedFile(folder.write("f", [1, 2, 3]))
    for (offset, count) in [(0, 4), (3, 1), (4, 0), (-1, 1), (1, -1), (Int.max, 1), (1, .max)] {
      #expect(kind { try file.window(offset: offset, byteCount: count) } == .truncated)
    }
  }

  @Test func aWindowKeepsTheFileAlive() throws {
    let folder = try TemporaryFolder()
    var file: MappedFile? = try MappedFile(folder.write("f", Array("hello".utf8)))
    let window = try #require(try file?.window(offset: 1, byteCount: 3))
    file = nil
    #expect(window.array == Array("ell".utf8))
  }

  @Test func anEmptyFileIsEmpty() throws {
    let folder = try TemporaryFolder()
    #expect(try MappedFile(folder.write("f", [UInt8]())).byteCount == 0)
  }

  @Test func whatIsNoRegularFileIsRefusedAtOnce() throws {
    let folder = try TemporaryFolder()
    let fifo = folder.file("fifo")
    #expect(mkfifo(fifo, 0o600) == 0)
    let link = folder.file("loop")
    #expect(symlink(link, link) == 0)
    for path in [fifo, folder.path, "/dev/zero", link, folder.file("missing")] {
      #expect(kind { try MappedFile(path) } == .io, "\(path)")
    }
    #expect(kind { try MappedFile("") } == .invalidArgument)
    #expect(kind { try MappedFile("/dev/null\0x") } == .invalidArgument)
    #expect(kind { try MappedFile(String(repeating: "a/", count: 5000)) } == .io)
  }

  @Test func filesBeyondTheLimitAreNotRead() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("sparse")
    try folder.write("sparse", [UInt8]())
    #expect(truncate(path, 1 << 40) == 0)
    #expect(kind { try FileSystem.read(path) } == .limit)
  }

  private func kind(_ body: () throws -> some Any) -> SVFTError.Kind? {
    #expect(throws: SVFTError.self) { _ = try body() }?.kind
  }
}
