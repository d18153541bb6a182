// Solving with a banded matrix that is factored already.
import CKernels

extension Kernels {
  /// The factors L and U of a banded matrix with its exchanges of rows (band_f32.c).
  package struct Band {
    private let band: svk_band

    /// `lower` [order, half], `upper` [order, 2·half + 1] with the inverse of the diagonal first,
    /// `pivots` [order].
    package init(
      order: Int, half: Int, lower: UnsafePointer<Float>, upper: UnsafePointer<Float>,
      pivots: UnsafePointer<Int32>
    ) {
      band = svk_band(
        order: Int64(order), half: Int64(half), lower: lower, upper: upper, pivots: pivots)
    }

    /// x[t] := A⁻¹ x[t] for `tokens` rows of the order.
    ///
    /// `scratch` holds one panel.
    package func solve(
      _ x: UnsafeMutablePointer<Float>, tokens: Int, scratch: UnsafeMutablePointer<Float>
    ) {
      svk_band_solve(band, x, Int64(tokens), scratch)
    }
  }
}
