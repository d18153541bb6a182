// Dropout without a stored mask: whether element i is dropped follows from (key, stream, i), so
// that the backward pass, a recomputed block and any number of threads see the same mask
// (CSystem/philox.c).
internal import CSystem

/// Which elements of one tensor are dropped in one step, and what the others are multiplied with.
package struct DropoutMask: Sendable {
  private let mask: svs_mask

  /// The mask number `stream` of `key` (see `RandomSource.key`).
  ///
  /// `probability` is clamped to [0, 1); the caller has checked the user's number.
  package init(probability: Float, key: UInt64, stream: UInt64) {
    let probability = min(max(Double(probability), 0), 1 - 0x1p-24)
    mask = svs_mask(
      key: key, stream: stream, threshold: UInt32(probability * 0x1p32),
      scale: Float(1 / (1 - probability)))
  }

  /// y[i] = mask(first + i) · x[i] / (1 − p) for i < count, added to y where `accumulate`.
  ///
  /// `first` is the index of x[0] in the whole tensor. The gradient goes through the same call.
  package func apply(
    _ x: UnsafePointer<Float>, first: Int, count: Int, into y: UnsafeMutablePointer<Float>,
    accumulate: Bool = false
  ) {
    guard count > 0 else { return }
    withUnsafePointer(to: mask) {
      svs_dropout($0, UInt64(truncatingIfNeeded: first), count, x, y, accumulate ? 1 : 0)
    }
  }
}
