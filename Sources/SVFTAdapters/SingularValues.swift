// The singular values of one matrix, and what recognises the matrix: the SHA-256 of its element
// type, shape and bytes in canonical row order, so that a Hugging Face folder and a GGUF file of
// one model at one precision agree.
//
// Directions whose values are equal to 1e-9 of the largest are tied: any rotation of them is as
// good, so no coefficient is trained there.

/// σ of one matrix, and which matrix it is.
package struct SingularValues: Sendable {
  /// Relative distance below which neighbouring singular values count as equal.
  package static let tieGap = 1e-9

  /// Hash of the matrix they are of.
  package let hash: String
  /// How they were computed: method and version.
  package let method: String
  /// σ, descending.
  package let sigma: [Double]

  /// Number of directions.
  package var order: Int { sigma.count }

  /// The first `rank` of them.
  func prefix(_ rank: Int) -> SingularValues {
    SingularValues(hash: hash, method: method, sigma: Array(sigma.prefix(rank)))
  }

  /// Runs of directions whose neighbours in σ are closer than `gap` of the largest; runs of one
  /// left out.
  package func clusters(gap: Double) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    let limit = gap * max(sigma.first ?? 0, .leastNormalMagnitude)
    var start = 0
    for next in 1..<max(order + 1, 2) {
      if next < order, sigma[next - 1] - sigma[next] <= limit { continue }
      if next - start > 1 { runs.append(start..<next) }
      start = next
    }
    return runs
  }

  /// Whether each direction is one of several that cannot be told apart, or belongs to no value of
  /// W (σ is 0 to 1e-9 of the largest, so that U is not determined by W).
  package func tied() -> [Bool] {
    var result = sigma.map { $0 <= Self.tieGap * (sigma.first ?? 0) }
    for run in clusters(gap: Self.tieGap) { for index in run { result[index] = true } }
    return result
  }

  /// The largest, the middle and the smallest singular value, and the root of the sum of their
  /// squares.
  var fingerprint: [Double] {
    let squares = sigma.reduce(0) { $0 + $1 * $1 }
    return [sigma.first ?? 0, sigma[order / 2], sigma.last ?? 0, squares.squareRoot()]
  }
}
