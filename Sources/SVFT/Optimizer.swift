// The update of trained parameters, and the state it needs.
//
//   AdamW  m = β₁m + (1 - β₁)g   v = β₂v + (1 - β₂)g²   x -= η (m̂ / (√v̂ + ε) + λx)
//          (Loshchilov and Hutter, 2019)
//   SGD    m = μm + g + λx       x -= η m
//
// One instance holds the moments of all parameters in their order; they are saved with a checkpoint
// under the parameters' names. Frozen parameters keep value and moments.
package import SVFTLayers
package import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Moments and update rule for a list of parameters.
package final class Optimizer {
  package let parameters: [Parameter]
  /// Kept for rehearsals; updates ask the parameters.
  private let gradients: [Buffer]
  private let options: TrainingOptions
  /// First moments (AdamW) or momentum (SGD), per parameter; empty buffers where the rule needs
  /// none.
  package let first: [Buffer]
  /// Second moments (AdamW), per parameter.
  package let second: [Buffer]
  /// Updates made so far; AdamW's bias correction counts them.
  package var updates = 0

  /// Moments start at zero, and gradients where there are none. Throws `.memory`.
  package init(_ parameters: [Parameter], _ options: TrainingOptions) throws(SVFTError) {
    self.parameters = parameters
    self.options = options
    let needsFirst = options.optimizer == .adamw || options.momentum > 0
    var (first, second, gradients): ([Buffer], [Buffer], [Buffer]) = ([], [], [])
    for parameter in parameters {
      gradients.append(try parameter.requireGradient())
      first.append(try Buffer(of: Float.self, count: needsFirst ? parameter.count : 0))
      second.append(
        try Buffer(of: Float.self, count: options.optimizer == .adamw ? parameter.count : 0))
    }
    self.first = first
    self.second = second
    self.gradients = gradients
  }

  /// The norm of all gradients together, in Double and in a fixed order.
  package func gradientNorm() -> Double {
    var sum = 0.0
    for parameter in parameters where !parameter.isFrozen {
      if let g = parameter.gradients.baseAddress {
        sum += Kernels.sumOfSquares(g, count: parameter.count)
      }
    }
    return sum.squareRoot()
  }

  /// Multiplies all gradients by `factor`.
  package func scaleGradients(by factor: Float) {
    for parameter in parameters {
      guard let g = parameter.gradients.baseAddress else { continue }
      Kernels.scale(g, by: factor, into: g, count: parameter.count)
    }
  }

  /// Sets all gradients to zero; those that an earlier trainer has taken along are made again.
  ///
  /// Throws `.memory`.
  package func clearGradients() throws(SVFTError) {
    for parameter in parameters {
      if parameter.gradient == nil { _ = try parameter.requireGradient() }
      parameter.gradients.update(repeating: 0)
    }
  }

  /// One update with the learning rates at hand.
  package func update(rate: Double, headRate: Double) {
    updates += 1
    for (index, parameter) in parameters.enumerated() where !parameter.isFrozen {
      let rate = parameter.group == .head ? headRate : rate
      update(parameter, first[index], second[index], rate: rate)
    }
  }

  private func update(_ parameter: Parameter, _ first: Buffer, _ second: Buffer, rate: Double) {
    guard let x = parameter.values.baseAddress, let g = parameter.gradients.baseAddress else {
      return
    }
    let decay = parameter.decays ? Float(options.weightDecay) : 0
    switch options.optimizer {
    case .adamw:
      guard let m = first.values(Float.self).baseAddress,
        let v = second.values(Float.self).baseAddress
      else { return }
      // The corrections are those of the rounded betas that the moments are made with: for β₂ near
      // one, 1 - β₂ differs between the two by 2e-5.
      let (beta1, beta2) = (Float(options.beta1), Float(options.beta2))
      Kernels.adamW(
        AdamWStep(
          rate: Float(rate), beta1: beta1, beta2: beta2, epsilon: Float(options.epsilon),
          decay: decay, correction1: 1 - pow(Double(beta1), Double(updates)),
          correction2: 1 - pow(Double(beta2), Double(updates))),
        x, gradient: g, m, v, count: parameter.count)
    case .sgd:
      let m = options.momentum > 0 ? first.values(Float.self).baseAddress : nil
      Kernels.sgd(
        rate: Float(rate), momentum: Float(options.momentum), decay: decay, x, gradient: g, m,
        count: parameter.count)
    }
  }
}
