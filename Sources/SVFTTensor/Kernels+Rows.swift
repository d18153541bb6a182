// Rows: softmax and the pieces of attention for one query of one head.
import CKernels

extension Kernels {
  /// x = softmax(x) in place; returns log Σ e^x of the original. -∞ masks an entry; a row masked
  /// throughout becomes zeros and gives -∞.
  @discardableResult
  package static func softmax(_ x: UnsafeMutablePointer<Float>, count: Int) -> Float {
    svk_softmax_row(x, Int64(count))
  }

  /// log Σ e^x[i]
  package static func logSumExp(_ x: UnsafePointer<Float>, count: Int) -> Float {
    svk_log_sum_exp(x, Int64(count))
  }

  /// dx = p·(dp − Σ p·dp), the backward of softmax from its result; `dx` may be `dp`.
  package static func softmaxBackward(
    _ p: UnsafePointer<Float>, _ dp: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    svk_softmax_row_backward(p, dp, dx, Int64(count))
  }

  /// scores[j] = scale·Σ_d q[d]·rows[j·stride + d] for j < count, d < width.
  package static func rowScores(
    _ q: UnsafePointer<Float>, _ rows: UnsafePointer<Float>, stride: Int, count: Int, width: Int,
    scale: Float, into scores: UnsafeMutablePointer<Float>
  ) {
    svk_row_scores(q, rows, Int64(stride), Int64(count), Int64(width), scale, scores)
  }

  /// out[d] (+)= Σ_j weights[j]·rows[j·stride + d]
  package static func rowMix(
    _ weights: UnsafePointer<Float>, _ rows: UnsafePointer<Float>, stride: Int, count: Int,
    width: Int, into out: UnsafeMutablePointer<Float>, accumulate: Bool
  ) {
    svk_row_mix(
      weights, rows, Int64(stride), Int64(count), Int64(width), out, accumulate ? 1 : 0)
  }

  /// rows[j·stride + d] += weights[j]·q[d]
  package static func rowSpread(
    _ weights: UnsafePointer<Float>, _ q: UnsafePointer<Float>,
    to rows: UnsafeMutablePointer<Float>, stride: Int, count: Int, width: Int
  ) {
    svk_row_spread(weights, q, rows, Int64(stride), Int64(count), Int64(width))
  }
}
