// Products in place of dense changes: exact from their rank on, the best there is below it.
import SVFTAdapters
import SVFTTensor
import Testing

@Suite struct FactoredDeltaTests {
  /// B A of rank 6, not orthonormal.
  private func product(_ purpose: String = "one") throws -> FactoredDelta {
    try FactoredDelta(
      b: .random(20, 6, purpose + "/b"), a: .random(6, 15, purpose + "/a"), scale: 0.5)
  }

  private func whole(_ factors: LowRankFactors) throws -> [Float] {
    try factors.b.times(factors.a).array
  }

  @Test(arguments: [6, 9]) func itIsExactFromItsRankOn(_ rank: Int) throws {
    let delta = try product()
    let expected = try DeltaMatrix.random(20, 6, "one/b").times(.random(6, 15, "one/a")).array
    let factors = try delta.factors(rank: rank)
    #expect(delta.rank == 6 && factors.leftOut == 0)
    #expect([factors.b.columns, factors.a.rows] == [rank, rank])
    #expect(shareOfDifference(expected.map { $0 / 2 }, try whole(factors)) < 1e-12)
    #expect(shareOfDifference(try delta.dense().array, try whole(factors)) < 1e-12)
  }

  @Test(arguments: 1...5) func belowItsRankItIsAsGoodAsTheDenseDecomposition(_ rank: Int) throws {
    let delta = try product()
    let dense = try delta.dense()
    let (found, best) = (
      try delta.factors(rank: rank), try LowRankFactors(best: rank, of: dense)
    )
    #expect(abs(found.leftOut - best.leftOut) < 1e-6)
    #expect(found.leftOut > 1e-4)
    #expect(abs(shareOfDifference(dense.array, try whole(found)) - found.leftOut) < 1e-5)
  }

  @Test func energySumAndScaleAreThoseOfTheDeltaMatrix() throws {
    let (one, two) = (try product(), try product("two"))
    let energy = try one.dense().energy()
    #expect(abs(try one.energy() - energy) < 1e-5 * energy)
    let sum = try FactoredDelta.sum([(one, 2), (two, -3)])
    #expect(sum.rank == 12)
    let expected = zip(try one.dense().array, try two.dense().array).map { 2 * $0 - 3 * $1 }
    #expect(shareOfDifference(expected, try sum.dense().array) < 1e-11)
    let scaled = try one.scaled(by: -2).dense().array
    #expect(shareOfDifference(try one.dense().array.map { -2 * $0 }, scaled) < 1e-11)
    #expect(throws: SVFTError.self) { try FactoredDelta.sum([]) }
  }

  @Test func nothingHasRankZero() throws {
    let nothing = try FactoredDelta(
      left: DeltaMatrix(rows: 4, columns: 0), core: DeltaMatrix(rows: 0, columns: 0),
      right: DeltaMatrix(rows: 0, columns: 5), isOrthonormal: true)
    #expect(try nothing.rank == 0 && nothing.energy() == 0)
    #expect(try nothing.dense().array == [Float](repeating: 0, count: 20))
    #expect(try nothing.factors(rank: 2).b.array == [Float](repeating: 0, count: 8))
  }

  @Test func factorsThatDoNotFitAreAFaultOfOurs() throws {
    let failure = #expect(throws: SVFTError.self) {
      try FactoredDelta(
        left: .random(4, 2, "l"), core: .random(3, 3, "c"), right: .random(3, 4, "r"),
        isOrthonormal: false)
    }
    #expect(failure?.kind == .internal)
  }
}
