// DARE drops as told by its seed, and what stays makes up for it.
import Testing

@Suite struct DARETests {
  private static let ones = [Float](repeating: 1, count: 20_000)

  private func combined(_ drop: Double, seed: Int = 1, terms: Int = 1) throws -> [Float] {
    try SumRuleTests.rule("{\"rule\":\"dare\",\"drop\":\(drop),\"seed\":\(seed)}")
      .combined([[Float]](repeating: Self.ones, count: terms), [Double](repeating: 1, count: terms))
  }

  @Test(arguments: [0.1, 0.5, 0.9]) func theExpectationStays(_ drop: Double) throws {
    let found = try combined(drop)
    let rescaled = Float(1 / (1 - drop))
    #expect(found.allSatisfy { $0 == 0 || $0 == rescaled })
    let mean = found.reduce(0.0) { $0 + Double($1) } / Double(found.count)
    // Five deviations of a mean of 20,000.
    #expect(abs(mean - 1) < 5 * (drop / (1 - drop) / 20_000).squareRoot())
  }

  @Test func theSeedDecidesAndTermsAreIndependent() throws {
    #expect(try combined(0.5) == combined(0.5))
    #expect(try combined(0.5) != combined(0.5, seed: 2))
    // Of two terms a quarter of the numbers is kept twice.
    let twice = try combined(0.5, terms: 2).count { $0 == 4 }
    #expect(abs(Double(twice) - 5_000) < 5 * (20_000.0 * 3 / 16).squareRoot())
  }
}
