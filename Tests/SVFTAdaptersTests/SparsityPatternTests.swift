// The four patterns against brute force.
import SVFTAdapters
import SVFTTensor
import Testing

@Suite struct SparsityPatternTests {
  private func cells(_ pattern: SparsityPattern) throws -> [Int64] {
    let indices = try pattern.indices()
    return withExtendedLifetime(indices) { Array(indices.values(Int64.self).prefix(pattern.count)) }
  }

  @Test(arguments: [1, 2, 7, 16], [0, 1, 3, 6, 15, 40])
  func bandHoldsExactlyTheCellsNearTheDiagonal(order: Int, d: Int) throws {
    let pattern = try SparsityPattern.banded(order: order, halfBandwidth: d)
    var expected: [Int64] = []
    for i in 0..<order {
      for j in 0..<order where abs(i - j) <= d { expected.append(Int64(i * order + j)) }
    }
    #expect(try cells(pattern) == expected)
    #expect(SparsityPattern.bandedCount(order: order, halfBandwidth: d) == expected.count)
  }

  @Test(arguments: [0, 1, 50, 143, 144, 500])
  func randomCellsAreDistinctAndFollowTheSeed(count: Int) throws {
    func draw(_ seed: UInt64) throws -> [Int64] {
      var source = RandomSource(seed: seed, purpose: "test")
      return try cells(.random(order: 12, count: count, &source))
    }
    let first = try draw(1)
    #expect(first.count == min(count, 144))
    #expect(Set(first).count == first.count)
    #expect(first == first.sorted())
    #expect(try draw(1) == first)
    if count == 50 { #expect(try draw(2) != first) }
  }

  @Test func repeatedDrawsAreKept() throws {
    var source = RandomSource(seed: 1, purpose: "test")
    let pattern = try SparsityPattern.randomWithRepeats(order: 4, count: 100, &source)
    #expect(pattern.count == 100)
  }

  @Test(arguments: [0, 1, 5, 20, 63, 64])
  func largestScoresAreChosenTiesFromTheTop(count: Int) throws {
    var source = RandomSource(seed: 4, purpose: "scores")
    // Few distinct magnitudes of both signs: many ties.
    let scores = (0..<64).map { _ in Float(source.below(7) - 3) }
    let expected = scores.indices
      .sorted { (abs(scores[$0]), $1) > (abs(scores[$1]), $0) }.prefix(count).sorted()
    let pattern = try scores.withUnsafeBufferPointer {
      try SparsityPattern.largest(
        order: 8, count: count, scores: $0, kept: [Bool](repeating: true, count: 8))
    }
    #expect(try cells(pattern) == expected.map { Int64($0) })
  }

  @Test func cellsOfAFileMustAscendAndFit() throws {
    func list(_ cells: [Int64], repeats: Bool) throws -> Int {
      var cells = cells
      return try cells.withUnsafeMutableBufferPointer {
        try SparsityPattern.list(order: 3, $0, repeats: repeats).count
      }
    }
    #expect(try list([0, 4, 8], repeats: false) == 3)
    #expect(try list([0, 4, 4], repeats: true) == 3)
    for bad: [Int64] in [[4, 0], [0, 0], [-1], [9], [.max]] {
      #expect(throws: SVFTError.self) { try list(bad, repeats: false) }
    }
  }

  @Test func leavingOutDirectionsLeavesTheOthers() throws {
    let pattern = try SparsityPattern.banded(order: 4, halfBandwidth: 1).keeping { $0 != 1 }
    #expect(try cells(pattern) == [0, 10, 11, 14, 15])
  }
}
