// What a weight refuses, how it is cut, what it decodes to.
import SVFTLayers
import SVFTTensor
import Testing

struct WeightTests {
  private let f32 = ElementFormats.f32

  @Test(arguments: [(0, 3, 0), (2, 3, 20), (2, 3, 28), (-1, 3, 0)])
  func otherSizesAreRefused(rows: Int, columns: Int, bytes: Int) throws {
    let buffer = try Buffer(byteCount: bytes)
    #expect(throws: SVFTError.self) {
      try Weight(format: f32, rows: rows, columns: columns, bytes: buffer)
    }
  }

  @Test func rowsOfPartialBlocksAreRefused() throws {
    let format = try #require(ElementFormats.all.first { $0.blockLength > 1 })
    let buffer = try Buffer(byteCount: 1024)
    let error = #expect(throws: SVFTError.self) {
      try Weight(format: format, rows: 2, columns: format.blockLength + 1, bytes: buffer)
    }
    #expect(error?.kind == .shape)
  }

  @Test(arguments: [1, 63, 64, 65, 200])
  func chunksCoverRowsAndColumnsOnce(rows: Int) throws {
    let weight = try Replay.slot("w", rows: rows, Replay.numbers(rows * 70, "w")).weight
    #expect((0..<weight.rowChunks).flatMap { Array(weight.rows(ofChunk: $0)) } == Array(0..<rows))
    #expect(
      (0..<weight.columnChunks).flatMap { Array(weight.columns(ofChunk: $0)) } == Array(0..<70))
  }

  @Test func rowsAreDecodedFromTheirPlace() throws {
    let numbers = Replay.numbers(5 * 3, "w")
    let weight = try Replay.slot("w", rows: 5, numbers).weight
    var part = [Float](repeating: 0, count: 6)
    weight.decode(rows: 2..<4, into: &part)
    #expect(part == Array(numbers[6..<12]))
    #expect(try Replay.decoded(weight) == numbers)
  }
}
