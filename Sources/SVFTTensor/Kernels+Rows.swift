// Rows of probabilities: softmax, whole and in parts, and its backward.
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

  /// A softmax in parts: x = e^(x − m), where m is the largest of `largest` and x and becomes
  /// `largest`; `sum` counts all parts.
  ///
  /// Returns what the results of earlier parts are to be multiplied by. Before the first part
  /// `largest` is -∞ and `sum` 0; in the end results are divided by `sum`.
  package static func softmaxPart(
    _ x: UnsafeMutablePointer<Float>, count: Int, largest: UnsafeMutablePointer<Float>,
    sum: UnsafeMutablePointer<Float>
  ) -> Float {
    svk_softmax_part(x, Int64(count), largest, sum)
  }
}
