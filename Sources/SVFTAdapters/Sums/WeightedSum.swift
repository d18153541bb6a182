// Σ w_t Δ_t: adapters as if all were attached at once, each with its scale (task arithmetic,
// arXiv 2212.04089).
package import SVFTFormats
package import SVFTTensor

/// The weighted sum.
package struct WeightedSum: SumRule {
  package static let name = "sum"

  package init(_ options: JSON.Object) throws(SVFTError) {}

  package func factors(_ weights: [Double]) throws(SVFTError) -> [Double]? { weights }
}
