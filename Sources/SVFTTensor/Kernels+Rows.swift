// Rows: softmax and the pieces of attention for one query of one head.
import CKernels

extension Kernels {
  /// x = softmax(x) in place; returns log Σ e^x of the original. -∞ masks an entry; a row masked
  /// throughout becomes zeros and gives -∞.
  @discardableResult
  package static func softmax(_ x: UnsafeMutablePointer<Float>, count: Int) -> Float {
    svk_softmax_row(x, Int64(count))
  }

  /// log Σ e^x[i], in Double.
  package static func logSumExp(_ x: UnsafePointer<Float>, count: Int) -> Double {
    svk_log_sum_exp(x, Int64(count))
  }

  /// Back through softmax from its log Σ e^x: x becomes p = e^(x − total), and `dp`, the gradient
  /// of p, that of the scores: dp = p·(dp − mean)·scale, with mean = Σ p·dp.
  package static func softmaxGradient(
    _ x: UnsafeMutablePointer<Float>, total: Float, _ dp: UnsafeMutablePointer<Float>, mean: Float,
    scale: Float, count: Int
  ) {
    svk_softmax_gradient(x, total, dp, mean, scale, Int64(count))
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
}
