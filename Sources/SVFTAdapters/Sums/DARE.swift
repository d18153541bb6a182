// DARE: drop and rescale, then the weighted sum (arXiv 2311.03099).
//
//   δ'_i = 0 with probability p, else δ_i / (1 − p)        the expectation of δ' is δ
//
// Which numbers are dropped depends on the seed, the term's place and the number's place alone.
package import SVFTFormats
package import SVFTTensor

/// Random dropping with rescaling, before the weighted sum.
package struct DARE: SumRule {
  package static let name = "dare"
  package static let keys = ["drop", "seed"]

  /// The probability that a number is dropped: from 0, below 1; 0.9 unless told.
  private let drop: Double
  private let seed: UInt64

  package init(_ options: JSON.Object) throws(SVFTError) {
    let share = try options.double("drop", default: 0.9)
    drop = try Checked.within(share, 0...0.999_999, "drop")
    seed = try options.seed("seed", default: 0)
  }

  package func factors(_ weights: [Double]) throws(SVFTError) -> [Double]? { nil }

  package func combine(_ terms: [Summand], into result: DeltaMatrix) throws(SVFTError) {
    let rescale = Float(1 / (1 - drop))
    for (number, term) in terms.enumerated() {
      var random = RandomSource(seed: seed, purpose: "dare/\(number)")
      try term.numbers.withValues { (values) throws(SVFTError) in
        for index in 0..<result.columns {
          values[index] = random.uniform() < drop ? 0 : values[index] * rescale
        }
      }
    }
    let sum = try WeightedSum(JSON.Object())
    try sum.combine(terms, into: result)
  }
}
