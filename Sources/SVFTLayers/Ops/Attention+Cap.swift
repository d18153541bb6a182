// Scores that cannot leave ±c (Gemma 2, arXiv:2408.00118, section 2): s' = c · tanh(s / c). Its
// slope, 1 − (s' / c)², is a factor of dS = P∘(dP − D) · scale.
import SVFTTensor

extension Attention {
  /// Caps `count` scores of one row, where this attention caps any.
  func cap(_ scores: UnsafeMutablePointer<Float>, count: Int) {
    guard let cap = shape.scoreCap, count > 0 else { return }
    Kernels.scale(scores, by: 1 / cap, into: scores, count: count)
    Kernels.apply(.tanh, scores, into: scores, count: count)
    Kernels.scale(scores, by: cap, into: scores, count: count)
  }

  /// Multiplies the cap's slope at the capped `scores` into dP − D, where `mean` is D.
  func capGradient(
    _ dP: UnsafeMutablePointer<Float>, mean: Float, at scores: UnsafePointer<Float>, count: Int
  ) {
    guard let cap = shape.scoreCap else { return }
    for index in 0..<count {
      let share = scores[index] / cap
      dP[index] = mean + (dP[index] - mean) * (1 - share * share)
    }
  }
}
