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

  /// Writes three parts anew over old ones; part `number` turns out to be a folder by then.
  private func replaceParts(failingAt number: Int) throws -> [String] {
    let paths = try (0..<3).map { try folder.write("part\($0)", "old") }
    #expect(throws: SVFTError.self) {
      try AtomicFile.write(paths.map { (path: $0, size: 0) }) { (part, sink) throws(SVFTError) in
        try sink.write("new")
        guard part == 2 else { return }
        try FileSystem.remove(paths[number])
        try FileSystem.makeFolder(paths[number])
      }
    }
    return try FileSystem.list(folder.path).sorted()
  }

  @Test func oldPartsStayWhereNoneCouldBeReplaced() throws {
    #expect(try replaceParts(failingAt: 2) == ["part0", "part1", "part2"])
    for name in ["part0", "part1"] { #expect(try contents(folder.file(name)) == "old") }
  }

  @Test func anOldFirstPartIsNeverFoundBesideNewOnes() throws {
    #expect(try replaceParts(failingAt: 1) == ["part1", "part2"])
    #expect(try contents(folder.file("part2")) == "new")
  }

  @Test func partsAreReplacedTogether() throws {
    let paths = try (0..<3).map { try folder.write("part\($0)", "old") }
    try AtomicFile.write(paths.map { (path: $0, size: 0) }) { (_, sink) throws(SVFTError) in
      try sink.write("new")
    }
    #expect(try FileSystem.list(folder.path).sorted() == ["part0", "part1", "part2"])
    for path in paths { #expect(try contents(path) == "new") }
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
