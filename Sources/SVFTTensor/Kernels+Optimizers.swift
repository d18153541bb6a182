// Optimiser updates, one pass over memory each.
//   AdamW  m = β1 m + (1 − β1) g, v = β2 v + (1 − β2) g²,
//          x −= rate (m / c1 / (√(v / c2) + ε) + decay x),  c = 1 − β^t
//   SGD    m = momentum m + g + decay x, x −= rate m
import CKernels

/// The settings of one AdamW update.
package struct AdamWStep: Sendable {
  package var rate: Float
  package var beta1: Float
  package var beta2: Float
  package var epsilon: Float
  /// Decoupled weight decay.
  package var decay: Float
  /// 1 − β1^t and 1 − β2^t, in Double because they start near zero.
  package var correction1: Double
  package var correction2: Double

  package init(
    rate: Float, beta1: Float, beta2: Float, epsilon: Float, decay: Float, correction1: Double,
    correction2: Double
  ) {
    self.rate = rate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.decay = decay
    self.correction1 = correction1
    self.correction2 = correction2
  }
}

extension Kernels {
  /// One AdamW update of `x` with its moments `m` and `v`, all [count].
  package static func adamW(
    _ step: AdamWStep, _ x: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
    _ m: UnsafeMutablePointer<Float>, _ v: UnsafeMutablePointer<Float>, count: Int
  ) {
    let settings = svk_adamw(
      rate: step.rate, beta1: step.beta1, beta2: step.beta2, epsilon: step.epsilon,
      decay: step.decay, correction1: step.correction1, correction2: step.correction2)
    svk_adamw_update(settings, x, gradient, m, v, Int64(count))
  }

  /// One update of gradient descent; `m` [count] is the momentum's memory, nil without momentum.
  package static func sgd(
    rate: Float, momentum: Float, decay: Float, _ x: UnsafeMutablePointer<Float>,
    gradient: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>?, count: Int
  ) {
    svk_sgd_update(rate, momentum, decay, x, gradient, m, Int64(count))
  }
}
