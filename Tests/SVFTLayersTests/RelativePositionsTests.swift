// Rows of distances: one each, or in buckets as DeBERTa makes them, written out.
import SVFTLayers
import Testing

struct RelativePositionsTests {
  @Test func eachDistanceHasARowUpToTheSpan() {
    let positions = RelativePositions(span: 3)
    let rows = (-5...5).map { positions.row($0) }
    #expect(rows == [0, 0, 0, 1, 2, 3, 4, 5, 5, 5, 5])
    #expect(positions.rows(reachedBy: 1) == 3..<4)
    #expect(positions.rows(reachedBy: 2) == 2..<5)
    #expect(positions.rows(reachedBy: 1000) == 0..<6)
    #expect(positions.rows(reachedBy: 0) == 3..<4)
  }

  /// transformers' make_log_bucket_position(n, 8, 20) for n from 0 to 30, at most the span.
  @Test func farDistancesShareRows() {
    let positions = RelativePositions(span: 8, bucketsTo: 20)
    let expected =
      [0, 1, 2, 3, 4, 5, 5, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7]
      + [Int](repeating: 8, count: 11)
    #expect((0...30).map { 8 - positions.row(-$0) } == expected)
    #expect((0...30).map { positions.row($0) - 8 } == expected.map { min(7, $0) })
  }

  /// Buckets of DeBERTaV3 at the distances where they begin to be shared, and at the ends.
  @Test func bucketsOfTheUsualSize() {
    let positions = RelativePositions(span: 256, bucketsTo: 512)
    #expect(
      [0, 1, 127, 128, 511, 512, 100_000].map { positions.row($0) - 256 }
        == [0, 1, 127, 128, 255, 255, 255])
    #expect(positions.row(-511) == 1 && positions.row(-600) == 0)
    let rows = (0..<512).map { positions.row($0) }
    #expect(zip(rows, rows.dropFirst()).allSatisfy { $0 <= $1 && $1 - $0 <= 1 })
  }

  @Test func rowsOfAStepFollowItsLongestSequence() throws {
    let space = RowSpace.relative(RelativePositions(span: 9))
    let batch = try Batch(rows: 20, sequences: 3)
    for count in [2, 5, 1] { try batch.append([Int32](repeating: 0, count: count)) }
    #expect(space.count(in: batch) == 9 && space.capacity(20) == 18 && space.capacity(3) == 5)
    #expect(RowSpace.step.count(in: batch) == 8 && RowSpace.step.capacity(20) == 20)
  }
}
