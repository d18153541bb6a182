// Files appear whole or not at all, whatever fails on the way.
import Foundation
import Glibc
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct AtomicFileTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func aFileIsReplacedWhole() throws {
    let path = try folder.write("f", "old")
    try AtomicFile.write(path, text: "new contents")
    #expect(try contents(path) == "new contents")
    #expect(try FileSystem.list(folder.path) == ["f"])
  }

  @Test func largeAndSmallPiecesArriveInOrder() throws {
    let path = folder.file("f")
    let large = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try AtomicFile.write(path) { (sink) throws(SVFTError) in
      try sink.write([1, 2, 3])
      try sink.write(large)
      try sink.write("end")
      try sink.pad(to: 64)
    }
    let bytes = try MappedFile(path).buffer.array
    #expect(bytes.count % 64 == 0)
    #expect(bytes.prefix(3) == [1, 2, 3])
    #expect(Array(bytes[3..<3_000_003]) == large)
    #expect(Array(bytes[3_000_003..<3_000_006]) == Array("end".utf8))
  }

  @Test func aFailureKeepsTheOldFileAndLeavesNothing() throws {
    let path = try folder.write("f", "old")
    let error = #expect(throws: SVFTError.self) {
      try AtomicFile.write(path) { (sink) throws(SVFTError) in
        try sink.write([UInt8](repeating: 1, count: 2_000_000))
        throw SVFTError(.cancelled, "stopped")
      }
    }
    #expect(error?.kind == .cancelled)
    #expect(try contents(path) == "old")
    #expect(try FileSystem.list(folder.path) == ["f"])
  }

  @Test func moreThanTheDiskHoldsIsRefusedBeforehand() throws {
    let path = folder.file("f")
    var called = false
    let error = #expect(throws: SVFTError.self) {
      try AtomicFile.write(path, expecting: Int.max) { _ in called = true }
    }
    #expect(error?.kind == .noSpace)
    #expect(!called)
    #expect(try FileSystem.list(folder.path).isEmpty)
  }

  @Test func whatIsNoFileIsNotReplaced() throws {
    for path in [folder.path, "/dev/null", folder.file("none/f")] {
      let error = #expect(throws: SVFTError.self) { try AtomicFile.write(path, text: "x") }
      #expect(error?.kind == .io, "\(path)")
    }
  }

  /// In a process of its own, because the limit on file sizes holds for the whole process.
  @Test func aFullDiskKeepsTheOldFile() async throws {
    let path = try folder.write("f", "old")
    await #expect(processExitsWith: .success) { [path = path as String] in
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      do {
        try AtomicFile.write(path) { (sink) throws(SVFTError) in
          for _ in 0..<40 { try sink.write([UInt8](repeating: 1, count: 100_000)) }
        }
        exit(1)
      } catch {
        exit((error as? SVFTError)?.kind == .noSpace ? 0 : 2)
      }
    }
    #expect(try contents(path) == "old")
    #expect(try FileSystem.list(folder.path) == ["f"])
  }

  private func contents(_ path: String) throws -> String {
    try String(decoding: FileSystem.read(path).array, as: UTF8.self)
  }
}
