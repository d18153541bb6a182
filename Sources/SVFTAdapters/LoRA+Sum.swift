// Sums of LoRA: w_1·s_1 B_1 A_1 + w_2·s_2 B_2 A_2 + … is exactly [w_1 s_1 B_1 | …][A_1; …], of as
// much rank as all together, or the best of a smaller one. Single numbers of A and B mean nothing,
// so only rules that are linear in ΔW apply.
import SVFTFormats
import SVFTLayers
package import SVFTTensor

extension LoRA {
  package static func sum(_ sum: AdapterSum) throws(SVFTError) -> AdapterSum.Result {
    guard let weights = try sum.rule.factors(sum.weights) else {
      throw SVFTError(
        .unsupported,
        "expected a rule that adds whole changes, which method \(name) needs, found "
          + type(of: sum.rule).name)
    }
    let projections = sum.projections
    var (parts, leftOut): ([LowRankFactors], [(module: String, share: Double)]) = ([], [])
    for projection in projections {
      var terms: [(delta: FactoredDelta, factor: Float)] = []
      for (term, weight) in zip(sum.terms, weights)
      where term.method.projections.contains(where: { $0 === projection }) {
        terms.append((try term.method.product(projection), Float(weight)))
      }
      let whole = try FactoredDelta.sum(terms)
      let best = try whole.factors(rank: min(sum.rank ?? whole.rank, whole.rank))
      parts.append(best)
      leftOut.append((projection.name, best.leftOut))
    }
    let options = options(projections.map(\.name), ranks: parts.map(\.a.rows))
    let method = try LoRA(AdapterOptions(.object(options)), sum.sites, sum.factors)
    for (site, best) in zip(method.sites, parts) { try site.take(best) }
    return AdapterSum.Result(method: method, options: options, leftOut: leftOut)
  }

  /// Options of modules with these ranks and a scale of 1.
  private static func options(_ modules: [String], ranks: [Int]) -> JSON.Object {
    let usual = ranks.max() ?? 1
    var pattern = JSON.Object()
    for (module, rank) in zip(modules, ranks) where rank != usual {
      pattern[module] = .integer(rank)
    }
    var options = JSON.Object([
      ("method", .string(name)), ("targets", .array(modules.map { .string($0) })),
      ("r", .integer(usual)), ("alpha", .integer(usual)),
    ])
    guard pattern.count > 0 else { return options }
    for key in patternKeys { options[key] = .object(pattern) }
    return options
  }
}
