// One adapter made of several of one method, on one model: what every method's `sum` is given, and
// what it gives back. How numbers are combined is the rule's affair (Sums/), which numbers may be
// combined is the method's.
package import SVFTFormats
import SVFTLayers
package import SVFTTensor

/// Adapters to be added up.
package struct AdapterSum {
  /// One adapter, and how much of it.
  package struct Term {
    package let method: any AdapterMethod
    package let weight: Double

    package init(_ method: any AdapterMethod, weight: Double) {
      self.method = method
      self.weight = weight
    }
  }

  /// What a sum gives.
  package struct Result {
    package let method: any AdapterMethod
    /// The options that make the same method fresh.
    package let options: JSON.Object
    /// The share of the sum's energy that a smaller rank left out, per module; 0 where all is
    /// there.
    package let leftOut: [(module: String, share: Double)]
  }

  package let terms: [Term]
  package let rule: any SumRule
  /// The rank of the result; nil for the exact one.
  package let rank: Int?
  let sites: ModelSites
  let factors: FactorStore

  package init(
    _ terms: [Term], _ rule: any SumRule, rank: Int?, _ sites: ModelSites, _ factors: FactorStore
  ) {
    self.terms = terms
    self.rule = rule
    self.rank = rank
    self.sites = sites
    self.factors = factors
  }

  /// Adds up.
  ///
  /// `.mismatch` for adapters of different methods, `.unsupported` where the method has no sums or
  /// none by this rule, `.nonFinite` for a result that is no number.
  package func result() throws(SVFTError) -> Result {
    guard let first = terms.first else {
      throw SVFTError(.invalidArgument, "expected at least one adapter to add up, found none")
    }
    guard terms.contains(where: { $0.weight != 0 }) else {
      throw SVFTError(
        .invalidArgument,
        "expected an adapter with a weight other than 0, found none: weights are the scales that "
          + "adapters are attached with")
    }
    let kind = type(of: first.method)
    for term in terms {
      let other = type(of: term.method)
      guard other == kind else {
        throw SVFTError(
          .mismatch, "expected adapters of one method, found \(kind.name) and \(other.name)")
      }
      guard term.weight.isFinite else {
        throw SVFTError(.nonFinite, "expected weights that are numbers, found \(term.weight)")
      }
      if kind.isAdditive, let whole = term.method.standIns.first {
        throw SVFTError(
          .unsupported,
          "expected adapters of projections alone, found one that also trains \(whole.slot.name)")
      }
    }
    let result = try kind.sum(self)
    try result.method.requireFinite("a sum")
    result.method.refresh(threads: factors.threads)
    return result
  }

  /// The weights of the terms.
  var weights: [Double] { terms.map(\.weight) }

  /// The projections that any term acts on, in the order of the computation.
  var projections: [Projection] {
    let used = Set(terms.flatMap { $0.method.projections.map { ObjectIdentifier($0) } })
    return sites.projections.filter { used.contains(ObjectIdentifier($0)) }
  }
}
