// Matrices of a file that come into strips while steps run: in their order, some at a time, with
// the numbers they had, charged once, and not at all where memory is refused.
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite(
  .enabled(
    if: ArrangedPair.formats.contains { $0.kernels.hasStrips },
    "this processor multiplies no format faster from strips"))
struct StripQueueTests {
  /// A mapped file, unmapped at the end.
  private final class Mapping {
    let start: UnsafeMutableRawPointer
    let size: Int

    init(_ path: String, _ size: Int) throws {
      let file = open(path, O_RDONLY)
      defer { close(file) }
      self.size = size
      start = try #require(mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0))
      try #require(start != MAP_FAILED)
    }

    deinit { munmap(start, size) }
  }

  private static let format = ElementFormats.all.first { $0.name == "Q8_0" }

  /// `count` random matrices [rows, 256] of one file, charged to this thread's ledger.
  private func matrices(
    _ count: Int, rows: Int, _ folder: borrowing TemporaryFolder
  ) throws -> [Weight] {
    let format = try #require(Self.format)
    let each = try ArrangedPair.weight(format, rows: rows, columns: 256).bytes.array
    let path = folder.file("matrices")
    let file = try #require(fopen(path, "w"))
    for _ in 0..<count { fwrite(each, 1, each.count, file) }
    fclose(file)
    let mapping = try Mapping(path, count * each.count)
    return try (0..<count).map { index in
      let bytes = Buffer(
        borrowing: mapping.start + index * each.count, byteCount: each.count, from: mapping,
        isFile: true)
      try bytes.chargePages()
      return try Weight(format: format, rows: rows, columns: 256, bytes: bytes)
    }
  }

  private func queue() -> StripQueue {
    StripQueue(in: BufferRun(expecting: [1 << 20], threads: 2))
  }

  private func arrangements(_ weights: [Weight]) -> [Kernels.StoredMatrix.Arrangement] {
    weights.map(\.matrix.arrangement)
  }

  @Test func theFirstStepReadsTheFile() throws {
    let folder = try TemporaryFolder()
    let weights = try matrices(3, rows: 70, folder)
    let expected = try weights.map { try $0.decoded().array }
    let queue = queue()
    let later = try weights.map { try $0.inStripsLater(queue) }
    #expect(later.allSatisfy { $0.comesIntoStrips && $0.bytes.isFile })
    queue.advance(threads: 2)
    #expect(arrangements(later) == [.rowsAsStrips, .rowsAsStrips, .rowsAsStrips])
    #expect(try later.map { try $0.decoded().array } == expected)
    queue.advance(threads: 2)
    #expect(arrangements(later) == [.strips, .strips, .strips])
    #expect(try later.map { try $0.decoded().array } == expected)
    let pair = try ArrangedPair(weights[0])
    #expect(try later[0].inStrips(threads: 1) === later[0])
    var piece: [UInt8] = []
    try later[1].eachStoredPiece { (bytes) throws(SVFTError) in piece += Array(bytes) }
    #expect(piece == pair.rows.bytes.array)
  }

  @Test func aStepBringsInOnlySoMuch() throws {
    let folder = try TemporaryFolder()
    let rows = StripQueue.stepBytes / (272 * 2) + 1
    let weights = try matrices(5, rows: rows, folder)
    let queue = queue()
    let later = try weights.map { try $0.inStripsLater(queue) }
    var counts: [Int] = []
    for _ in 0..<5 {
      queue.advance(threads: 2)
      counts.append(later.count { $0.matrix.arrangement == .strips })
    }
    #expect(counts == [0, 2, 4, 5, 5])
    let first = arrangements(Array(later.prefix(2)))
    #expect(first == [.strips, .strips])
    #expect(try later[4].decoded().array == weights[4].decoded().array)
  }

  @Test func stripsAreChargedInThePlaceOfTheFile() throws {
    let folder = try TemporaryFolder()
    let ledger = try MemoryLedger(limit: 0)
    try ledger.keep { () throws(SVFTError) in
      do {
        let weights = try matrices(4, rows: 640, folder)
        let before = ledger.used
        #expect(before == 4 * 640 * 272)
        let queue = queue()
        let later = try weights.map { try $0.inStripsLater(queue) }
        ledger.restartPeak()
        for _ in 0..<3 { queue.advance(threads: 1) }
        #expect(arrangements(later) == [.strips, .strips, .strips, .strips])
        // Pages are counted where they come ahead, bytes where they are used.
        #expect(abs(ledger.used - before) < 4 * 4096)
        withExtendedLifetime((weights, later)) {}
      } catch {
        Issue.record("\(error)")
      }
    }
  }

  @Test func whereMemoryIsRefusedRowsStay() throws {
    let folder = try TemporaryFolder()
    let format = try #require(Self.format)
    let ledger = try MemoryLedger(limit: 2 * 640 * format.rowBytes(256) + 64)
    try ledger.keep { () throws(SVFTError) in
      do {
        let weights = try matrices(2, rows: 640, folder)
        let queue = queue()
        let later = try weights.map { try $0.inStripsLater(queue) }
        // What the file's pages give back is taken by somebody else.
        weights[0].bytes.releasePages()
        let taken = try Buffer(byteCount: 640 * format.rowBytes(256))
        for _ in 0..<3 { queue.advance(threads: 1) }
        #expect(arrangements(later) == [.rowsAsStrips, .rowsAsStrips])
        withExtendedLifetime((taken, weights, later)) {}
      } catch {
        Issue.record("\(error)")
      }
    }
  }

  /// A step is what runs layers: a head alone brings nothing in.
  @Test(arguments: [true, false]) func stepsBringStripsInAndKeepTheirBits(hasLayers: Bool) throws {
    let folder = try TemporaryFolder()
    let weight = try matrices(1, rows: 70, folder)[0].inStripsLater(queue())
    let graph = Graph(training: false)
    let x = graph.input(width: 256)
    let y = try graph.linear(x, frozen: weight)
    graph.output(y)
    if hasLayers { graph.endLayer(y) }
    let program = try Program(graph, rows: 3, threads: 2)
    let batch = try Batch(rows: 3, sequences: 1)
    try batch.append([0, 1, 2])
    let numbers = Replay.numbers(3 * 256, "x")
    var steps: [[Float]] = []
    for step in 1...3 {
      program.values(x).update(from: numbers, count: numbers.count)
      try program.forward(batch)
      steps.append((0..<3 * 70).map { program.values(y)[$0] })
      let isInStrips = weight.matrix.arrangement == .strips
      #expect(isInStrips == (hasLayers && step > 1), "step \(step)")
    }
    #expect(steps[0] == steps[1] && steps[0] == steps[2])
  }

  @Test func weightsThatAreGoneNeedNoStrips() throws {
    let folder = try TemporaryFolder()
    let queue = queue()
    var later = try matrices(2, rows: 70, folder).map { try $0.inStripsLater(queue) }
    later.removeFirst()
    for _ in 0..<2 { queue.advance(threads: 1) }
    #expect(arrangements(later) == [.strips])
  }
}
