// How the numbers of several adapters become those of one, and the list of the rules there are. A
// rule sees all modules as one row of numbers per adapter, so that it can rank them over the whole
// adapter. A new rule is one file and one line in the list.
package import SVFTFormats
package import SVFTTensor

/// The numbers of one adapter in a sum.
package struct Summand {
  /// One row, zero where others have numbers and this adapter has none. Rules may change it.
  package let numbers: DeltaMatrix
  package let weight: Double
  /// How many numbers the adapter itself has.
  package let count: Int

  package init(_ numbers: DeltaMatrix, weight: Double, count: Int) {
    self.numbers = numbers
    self.weight = weight
    self.count = count
  }
}

/// A way to combine adapters, with its options.
package protocol SumRule: Sendable {
  /// What options call it.
  static var name: String { get }
  /// The keys of its own among the options.
  static var keys: [String] { get }

  /// Throws `.invalidArgument` for options out of range.
  init(_ options: JSON.Object) throws(SVFTError)

  /// The factor on each term, where the rule is linear in them; nil where it is not.
  ///
  /// Throws `.invalidArgument` for weights that it cannot use.
  func factors(_ weights: [Double]) throws(SVFTError) -> [Double]?

  /// Combines rows of equal length into `result`, whose numbers are zero; the terms may be changed.
  func combine(_ terms: [Summand], into result: DeltaMatrix) throws(SVFTError)
}

extension SumRule {
  package static var keys: [String] { [] }

  package func combine(_ terms: [Summand], into result: DeltaMatrix) throws(SVFTError) {
    let weights = terms.map(\.weight)
    let factors = try factors(weights) ?? weights
    try result.withValues { (sum) throws(SVFTError) in
      for (term, factor) in zip(terms, factors) {
        try term.numbers.withValues { (values) throws(SVFTError) in
          Kernels.add(values, times: Float(factor), to: sum, count: result.columns)
        }
      }
    }
  }
}

/// The rules there are.
package enum SumRules {
  /// Every rule: a new one is added here and nowhere else.
  package static let all: [any SumRule.Type] = [
    WeightedSum.self, LinearAverage.self, TIES.self, DARE.self,
  ]

  /// The rule that options name, the weighted sum where they name none.
  ///
  /// `.invalidArgument` names what there is, and refuses keys that neither `others` nor the rule
  /// has.
  package static func named(
    in options: JSON.Object, besides others: [String]
  ) throws(SVFTError) -> any SumRule {
    try AdapterOptions.argument { () throws(SVFTError) in
      let name = try options.string("rule", default: WeightedSum.name)
      guard let rule = all.first(where: { $0.name == name }) else {
        throw SVFTError(
          .invalidArgument,
          "rule: expected one of \(all.map { $0.name }.joined(separator: ", ")), found "
            + name.debugDescription)
      }
      try options.refuseKeys(otherThan: ["rule"] + others + rule.keys)
      return try rule.init(options)
    }
  }
}
