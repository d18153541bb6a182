// Rotary position embedding of one row of heads that lie side by side.
import CKernels

extension Kernels {
  /// What one row turns by.
  package struct RowRotation {
    private var rotation: svk_rotation

    /// `angles` are [2, pairs] cosines and sines; `adjacent` says that columns 2i and 2i + 1 of a
    /// head are a pair, else i and i + pairs. A sign of -1 turns back.
    package init(
      heads: Int, width: Int, pairs: Int, adjacent: Bool, angles: UnsafePointer<Float>,
      sign: Float = 1
    ) {
      rotation = svk_rotation(
        heads: Int64(heads), width: Int64(width), pairs: Int64(pairs), angles: angles, sign: sign,
        adjacent: adjacent ? 1 : 0, accumulate: 0)
    }

    /// y (+)= x, turned. [heads · width] each, and apart.
    package func turn(
      _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, accumulate: Bool
    ) {
      var now = rotation
      now.accumulate = accumulate ? 1 : 0
      svk_rotate(&now, x, y)
    }
  }
}
