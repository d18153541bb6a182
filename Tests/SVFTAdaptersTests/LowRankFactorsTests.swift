// The best factors of a dense matrix, against what they leave out.
import SVFTAdapters
import SVFTTensor
import Testing

@Suite struct LowRankFactorsTests {
  @Test(arguments: [(12, 7), (7, 12), (9, 9)], [1, 3, 7, 40])
  func whatIsLeftOutIsWhatTheProductLacks(_ shape: (Int, Int), _ rank: Int) throws {
    let matrix = try DeltaMatrix.random(shape.0, shape.1, "matrix")
    let best = try LowRankFactors(best: rank, of: matrix)
    let kept = min(rank, shape.0, shape.1)
    #expect([best.b.rows, best.b.columns] == [shape.0, kept])
    #expect([best.a.rows, best.a.columns] == [kept, shape.1])
    let product = try best.b.times(best.a).array
    #expect(abs(shareOfDifference(matrix.array, product) - best.leftOut) < 1e-6)
    #expect((best.leftOut < 1e-10) == (kept == min(shape.0, shape.1)))
  }

  @Test func theFirstDirectionOfADiagonalIsItsLargest() throws {
    let best = try LowRankFactors(best: 1, of: .of(2, 2, [3, 0, 0, -4]))
    #expect(abs(best.leftOut - 9.0 / 25) < 1e-12)
    #expect(try best.b.times(best.a).array.map { $0.rounded() } == [0, 0, 0, -4])
  }

  @Test func numbersThatAreNoneAreRefused() throws {
    let failure = #expect(throws: SVFTError.self) {
      try LowRankFactors(best: 1, of: .of(1, 2, [1, .nan]))
    }
    #expect(failure?.kind == .nonFinite)
  }
}
