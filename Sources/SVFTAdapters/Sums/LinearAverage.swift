// Σ w_t Δ_t / Σ w_t: the mean, as federated averaging and model soups take it (arXiv 2203.05482).
package import SVFTFormats
package import SVFTTensor

/// The weighted mean.
package struct LinearAverage: SumRule {
  package static let name = "mean"

  package init(_ options: JSON.Object) throws(SVFTError) {}

  package func factors(_ weights: [Double]) throws(SVFTError) -> [Double]? {
    let total = weights.reduce(0, +)
    guard abs(total) > 1e-12 * weights.reduce(0, { $0 + abs($1) }), total.isFinite else {
      throw SVFTError(
        .invalidArgument, "mean: expected weights whose sum is not 0, found \(weights)")
    }
    return weights.map { $0 / total }
  }
}
