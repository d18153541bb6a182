// TIES on numbers made by hand: trimmed over the whole row, one sign per number, the mean of those
// that agree.
import Testing

@Suite struct TIESTests {
  private static let a: [Float] = [5, -1, 0.5, 2]
  private static let b: [Float] = [-4, -3, 0.25, 2]

  private func combined(_ density: Double, _ weights: [Double]) throws -> [Float] {
    try SumRuleTests.rule("{\"rule\":\"ties\",\"density\":\(density)}")
      .combined([Self.a, Self.b], weights)
  }

  @Test func halfOfEachStays() throws {
    // a is cut to [5, 0, 0, 2], b to [-4, -3, 0, 0]; the signs elected are +, −, none, +.
    #expect(try combined(0.5, [1, 1]) == [5, -3, 0, 2])
  }

  @Test func weightsElectAndAverage() throws {
    // 5 − 2·4 < 0 elects b's sign.
    #expect(try combined(0.5, [1, 2]) == [-4, -3, 0, 2])
  }

  @Test func whereSignsAgreeItIsTheMean() throws {
    #expect(try combined(1, [1, 1]) == [5, -2, 0.375, 2])
    #expect(try combined(1, [1, 3]) == [-4, -2.5, 0.3125, 2])
  }

  @Test func anAdapterWithANegativeWeightIsTurnedOver() throws {
    let rule = try SumRuleTests.rule("{\"rule\":\"ties\",\"density\":1}")
    #expect(try rule.combined([[2, 4], [-2, 1]], [1, -1]) == [2, 4])
  }

  /// Two adapters of four cells each that share none.
  @Test func cellsOfOthersDoNotCount() throws {
    let rule = try SumRuleTests.rule("{\"rule\":\"ties\",\"density\":0.5}")
    let rows: [[Float]] = [[1, -2, 3, -4, 0, 0, 0, 0], [0, 0, 0, 0, 8, -7, 6, 5]]
    let found = try rule.combined(rows, [1, 1], counts: [4, 4])
    #expect(found == [0, 0, 3, -4, 8, -7, 0, 0])
  }

  @Test func amongEqualsTheFirstStay() throws {
    let rule = try SumRuleTests.rule("{\"rule\":\"ties\",\"density\":0.5}")
    #expect(try rule.combined([[1, -1, 1, -1]], [1]) == [1, -1, 0, 0])
    // One always stays.
    let least = try SumRuleTests.rule("{\"rule\":\"ties\",\"density\":0.001}")
    #expect(try least.combined([[1, -7, 3, 0]], [1]) == [0, -7, 0, 0])
  }
}
