// TIES: trim, elect sign, disjoint merge (arXiv 2306.01708, section 4).
//
//   trim      of each adapter only the share `density` of largest magnitude stays
//   elect     the sign of each cell is that of Σ w_t τ_t over what stayed
//   merge     the mean, by |w|, of the trimmed numbers whose weighted sign is the elected one
//
// As a mean by weight it has the length of one adapter whatever the weights sum to; PEFT weights
// the numbers and divides by how many agree. The trim ranks over the whole adapter, as the authors
// do, and counts the numbers that it has: not the cells of others. Among equal magnitudes the first
// stay.
package import SVFTFormats
package import SVFTTensor

/// Trim, elect sign, disjoint mean.
package struct TIES: SumRule {
  package static let name = "ties"
  package static let keys = ["density"]

  /// The share of numbers that stays: above 0, at most 1; the authors' 0.2 unless told.
  private let density: Double

  package init(_ options: JSON.Object) throws(SVFTError) {
    let share = try options.double("density", default: 0.2)
    density = try Checked.within(share, Double.leastNonzeroMagnitude...1, "density")
  }

  package func factors(_ weights: [Double]) throws(SVFTError) -> [Double]? { nil }

  package func combine(_ terms: [Summand], into result: DeltaMatrix) throws(SVFTError) {
    for term in terms { try trim(term) }
    let count = result.columns
    let sums = try Buffer(of: Double.self, count: count)
    defer { withExtendedLifetime(sums) {} }
    let elected = sums.values(Double.self)
    for term in terms {
      try term.numbers.withValues { (values) throws(SVFTError) in
        for index in 0..<count { elected[index] += term.weight * Double(values[index]) }
      }
    }
    let shares = try Buffer(of: Double.self, count: 2 * count)
    defer { withExtendedLifetime(shares) {} }
    let agreeing = shares.values(Double.self)
    for term in terms {
      try term.numbers.withValues { (values) throws(SVFTError) in
        for index in 0..<count {
          let value = term.weight * Double(values[index])
          guard value * elected[index] > 0 else { continue }
          agreeing[2 * index] += value
          agreeing[2 * index + 1] += abs(term.weight)
        }
      }
    }
    try result.withValues { (values) throws(SVFTError) in
      for index in 0..<count where agreeing[2 * index + 1] > 0 {
        values[index] = Float(agreeing[2 * index] / agreeing[2 * index + 1])
      }
    }
  }

  /// Sets all but the numbers of largest magnitude to zero.
  private func trim(_ term: Summand) throws(SVFTError) {
    let count = term.numbers.columns
    let kept = min(term.count, max(1, Int((density * Double(term.count)).rounded())))
    guard kept < term.count else { return }
    let copy = try Buffer(of: Float.self, count: count)
    defer { withExtendedLifetime(copy) {} }
    var sizes = copy.values(Float.self)
    try term.numbers.withValues { (values) throws(SVFTError) in
      for index in 0..<count { sizes[index] = abs(values[index]) }
      sizes.sort(by: >)
      let limit = sizes[kept - 1]
      var ties = kept - sizes.prefix(kept).count { $0 > limit }
      for index in 0..<count where !(abs(values[index]) > limit) {
        if abs(values[index]) == limit, ties > 0 { ties -= 1 } else { values[index] = 0 }
      }
    }
  }
}
