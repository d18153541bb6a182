// The contract of every rule: one adapter with weight 1 and nothing dropped is itself; unknown keys
// and numbers out of range are refused; any rule can be named.
import SVFTAdapters
import SVFTFormats
import SVFTTensor
import Testing

extension SumRule {
  /// What rows of numbers become.
  func combined(
    _ rows: [[Float]], _ weights: [Double], counts: [Int]? = nil
  ) throws -> [Float] {
    let count = rows[0].count
    let result = try DeltaMatrix(rows: 1, columns: count)
    let terms = try rows.indices.map {
      Summand(
        try DeltaMatrix.of(1, count, rows[$0]), weight: weights[$0], count: counts?[$0] ?? count)
    }
    try combine(terms, into: result)
    return result.array
  }
}

@Suite struct SumRuleTests {
  static func rule(_ text: String) throws -> any SumRule {
    try SumRules.named(in: JSON.parse(text).root("options"), besides: ["rank"])
  }

  @Test(arguments: SumRules.all.map { $0.name }) func oneWithWeightOneIsItself(_ name: String)
    throws
  {
    let type = try #require(SumRules.all.first { $0.name == name })
    var options = JSON.Object([("rule", .string(name))])
    for key in type.keys { options[key] = key == "density" ? 1 : 0 }
    let rule = try SumRules.named(in: options, besides: [])
    let numbers: [Float] = [1, -2, 0, 0.125, 1e-9, -3e5]
    #expect(try rule.combined([numbers], [1]) == numbers)
  }

  @Test(arguments: SumRules.all.map { $0.name }) func equalAdaptersHaveTheirOwnMean(_ name: String)
    throws
  {
    let type = try #require(SumRules.all.first { $0.name == name })
    var options = JSON.Object([("rule", .string(name))])
    for key in type.keys { options[key] = key == "density" ? 1 : 0 }
    let rule = try SumRules.named(in: options, besides: [])
    let numbers: [Float] = [1, -2, 0, 8]
    let found = try rule.combined([numbers, numbers], [0.5, 0.5])
    #expect(found == numbers)
  }

  @Test(arguments: [
    "{\"rule\":\"vote\"}", "{\"rule\":3}", "{\"density\":0.5}",
    "{\"rule\":\"sum\",\"drop\":0.5}", "{\"rule\":\"ties\",\"density\":0}",
    "{\"rule\":\"ties\",\"density\":1.5}", "{\"rule\":\"dare\",\"drop\":1}",
    "{\"rule\":\"dare\",\"drop\":-0.1}", "{\"rule\":\"dare\",\"seed\":\"x\"}",
    "{\"rule\":\"ties\",\"weights\":[1]}",
  ]) func badOptionsAreRefused(_ text: String) throws {
    let failure = #expect(throws: SVFTError.self) { try Self.rule(text) }
    #expect(failure?.kind == .invalidArgument)
  }

  @Test func theSumIsMeantWhereNobodySays() throws {
    #expect(type(of: try Self.rule("{\"rank\":3}")).name == "sum")
  }
}
