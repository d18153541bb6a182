// The update of trained parameters, and the state it needs.
//
//   AdamW  m = β₁m + (1 - β₁)g   v = β₂v + (1 - β₂)g²   x -= η (m̂ / (√v̂ + ε) + λx)
//          (Loshchilov and Hutter, 2019)
//   SGD    m = μm + g + λx       x -= η m
//
// One instance holds the moments of all parameters in their order; they are saved with a checkpoint
// under the parameters' names. Frozen parameters keep value and moments.
//
// Every pass over the numbers is memory's, so all threads take part: parameters are cut into parts
// of equal length whatever the team, and sums are made part by part, so that no bit depends on it.
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
  private let threads: Int
  /// What one member of a team works on at a time.
  private struct Part {
    let parameter: Int
    let range: Range<Int>
  }
  private static let partLength = 1 << 15
  private let parts: [Part]
  /// Σ g² of each part.
  private var sums: [Double]
  /// First moments (AdamW) or momentum (SGD), per parameter; empty buffers where the rule needs
  /// none.
  package let first: [Buffer]
  /// Second moments (AdamW), per parameter.
  package let second: [Buffer]
  /// Updates made so far; AdamW's bias correction counts them.
  package var updates = 0

  /// Moments start at zero, and gradients where there are none. Throws `.memory`.
  package init(
    _ parameters: [Parameter], _ options: TrainingOptions, threads: Int = 1
  ) throws(SVFTError) {
    self.parameters = parameters
    self.options = options
    self.threads = threads
    parts = parameters.enumerated().flatMap { (index, parameter) in
      stride(from: 0, to: parameter.count, by: Self.partLength).map { start in
        Part(
          parameter: index, range: start..<min(parameter.count, start + Self.partLength))
      }
    }
    sums = [Double](repeating: 0, count: parts.count)
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

  /// Calls `body` with every part of every gradient that is there, on all threads.
  private func forEachPart(_ body: (Int, Part, UnsafeMutablePointer<Float>) -> Void) {
    Parallel.run(threads: threads) { team in
      for index in team.share(of: parts.count) {
        let part = parts[index]
        guard let g = parameters[part.parameter].gradients.baseAddress else { continue }
        body(index, part, g + part.range.lowerBound)
      }
    }
  }

  /// The norm of all gradients together, in Double and in a fixed order.
  package func gradientNorm() -> Double {
    sums.withUnsafeMutableBufferPointer { sums in
      forEachPart { (index, part, g) in
        let isFrozen = parameters[part.parameter].isFrozen
        sums[index] = isFrozen ? 0 : Kernels.sumOfSquares(g, count: part.range.count)
      }
    }
    return sums.reduce(0, +).squareRoot()
  }

  /// Multiplies all gradients by `factor`.
  package func scaleGradients(by factor: Float) {
    forEachPart { (_, part, g) in
      Kernels.scale(g, by: factor, into: g, count: part.range.count)
    }
  }

  /// Sets all gradients to zero; those that an earlier trainer has taken along are made again.
  ///
  /// Throws `.memory`.
  package func clearGradients() throws(SVFTError) {
    for parameter in parameters where parameter.gradient == nil {
      _ = try parameter.requireGradient()
    }
    forEachPart { (_, part, g) in g.update(repeating: 0, count: part.range.count) }
  }

  /// One update with the learning rates at hand.
  package func update(rate: Double, headRate: Double) {
    updates += 1
    forEachPart { (_, part, g) in
      let parameter = parameters[part.parameter]
      guard !parameter.isFrozen else { return }
      update(
        part, g, rate: parameter.rateFactor * (parameter.group == .head ? headRate : rate))
    }
  }

  private func update(_ part: Part, _ g: UnsafeMutablePointer<Float>, rate: Double) {
    let parameter = parameters[part.parameter]
    guard let values = parameter.values.baseAddress else { return }
    let (start, count) = (part.range.lowerBound, part.range.count)
    let x = values + start
    func moments(_ buffers: [Buffer]) -> UnsafeMutablePointer<Float>? {
      buffers[part.parameter].values(Float.self).baseAddress.map { $0 + start }
    }
    let decay = parameter.decays ? Float(options.weightDecay) : 0
    switch options.optimizer {
    case .adamw:
      guard let m = moments(first), let v = moments(second) else { return }
      // The corrections are those of the rounded betas that the moments are made with: for β₂ near
      // one, 1 - β₂ differs between the two by 2e-5.
      let (beta1, beta2) = (Float(options.beta1), Float(options.beta2))
      Kernels.adamW(
        AdamWStep(
          rate: Float(rate), beta1: beta1, beta2: beta2, epsilon: Float(options.epsilon),
          decay: decay, correction1: 1 - pow(Double(beta1), Double(updates)),
          correction2: 1 - pow(Double(beta2), Double(updates))),
        x, gradient: g, m, v, count: count)
    case .sgd:
      let m = options.momentum > 0 ? moments(first) : nil
      Kernels.sgd(
        rate: Float(rate), momentum: Float(options.momentum), decay: decay, x, gradient: g, m,
        count: count)
    }
  }
}
