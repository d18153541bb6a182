// The weighted mean on numbers made by hand.
import SVFTTensor
import Testing

@Suite struct LinearAverageTests {
  @Test func weightsAreShares() throws {
    let rule = try SumRuleTests.rule("{\"rule\":\"mean\"}")
    #expect(try rule.combined([[1, 2], [9, -6]], [3, 1]) == [3, 0])
    #expect(try rule.combined([[4, 8]], [7]) == [4, 8])
  }

  @Test(arguments: [[1.0, -1], [0, 0]]) func weightsWithoutASumAreRefused(_ weights: [Double])
    throws
  {
    let rule = try SumRuleTests.rule("{\"rule\":\"mean\"}")
    let failure = #expect(throws: SVFTError.self) { try rule.combined([[1], [2]], weights) }
    #expect(failure?.kind == .invalidArgument)
  }
}
