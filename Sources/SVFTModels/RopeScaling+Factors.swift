// From the factors that GGUF files store back to the parameters of llama3's rule, which config.json
// has in their place.
//
// Between its two bounds the rule is a line in the turns u = frequency / 2π:
//
//   1 / factor(u) = (1 - s) / F + s      s = (original · u - low) / (high - low)
//
// so that two factors between the bounds give slope and offset of s. original, low and high may be
// multiplied by one number without a change: low is taken for 1, as all published models have it.
// Too few factors between the bounds leave only the published bounds 1 and 4 to be tried.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension RopeScaling {
  /// The rule of llama3 that has these factors, to the rounding of 32-bit floats; nil where none
  /// has.
  static func llama3(_ factors: [Float], theta: Double, headWidth: Int) -> RopeScaling? {
    guard let largest = factors.max(), factors.count == headWidth / 2 else { return nil }
    if factors.allSatisfy({ $0 == 1 }) { return RopeScaling.none }
    let factor = Double(largest)
    let shares = factors.enumerated().compactMap { (pair, divisor) -> (turns: Double, s: Double)? in
      guard divisor > 1.0001, Double(divisor) < factor * 0.9999 else { return nil }
      let frequency = pow(theta, -2 * Double(pair) / Double(headWidth))
      return (frequency / (2 * .pi), (1 / Double(divisor) - 1 / factor) / (1 - 1 / factor))
    }
    var candidates: [RopeScaling] = []
    if let first = shares.first, let last = shares.last, first.turns > last.turns {
      let slope = (first.s - last.s) / (first.turns - last.turns)
      let offset = first.s - slope * first.turns
      let original = (-slope / offset).rounded()
      let high = ((1 - 1 / offset) * 1e4).rounded() / 1e4
      candidates.append(.llama3(factor: factor, low: 1, high: high, original: original))
    }
    candidates += (4...24).map {
      RopeScaling.llama3(factor: factor, low: 1, high: 4, original: pow(2, Double($0)))
    }
    return candidates.first { $0.isRule && $0.matches(factors, theta, headWidth) }
  }

  /// Whether the parameters are some that a config.json may have.
  private var isRule: Bool {
    guard case .llama3(let factor, let low, let high, let original) = self else { return false }
    return factor.isFinite && high > low && high < 1e6 && (1...Double(1 << 28)).contains(original)
  }

  private func matches(_ factors: [Float], _ theta: Double, _ headWidth: Int) -> Bool {
    let own = self.factors(theta: theta, headWidth: headWidth) ?? []
    return zip(own, factors).allSatisfy { abs($0 / $1 - 1) < 2e-4 }
  }
}
