// The weighted sum on numbers made by hand.
import SVFTAdapters
import Testing

@Suite struct WeightedSumTests {
  @Test func weightsCount() throws {
    let rule = try SumRuleTests.rule("{}")
    #expect(try rule.combined([[1, 2], [10, -4]], [2, -0.5]) == [-3, 6])
    #expect(try rule.factors([2, -0.5]) == [2, -0.5])
  }
}
