// How a model stretches its rotary positions beyond the length it was first trained on. Everything
// here is about the inverse frequencies θ^(-2i/D), i < D/2, by which positions are multiplied:
//
//   linear    f / factor                       ("Extending context window", Chen et al. 2023)
//   llama3    wavelengths above original/low are divided by factor, those below original/high stay,
//             between them the two are mixed by s = (original/wavelength - low) / (high - low)
//   yarn      divided by factor where few turns fit into the original context, untouched where many
//             do, mixed between (RopeScaling+YaRN.swift); cosines and sines grow too
//   longrope  f_i / short[i], or f_i / long[i] for sequences beyond the original context; cosines
//             and sines grow (Ding et al. 2024, arXiv:2402.13753)
//   dynamic   θ grows with the length of a sequence beyond the original context
//   factors   f_i / factors[i]: what GGUF files store in place of llama3's parameters
//
// Reading and writing is in RopeScaling+Reading.swift and RopeScaling+Writing.swift.
package import SVFTLayers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A rule that changes inverse frequencies.
package enum RopeScaling: Sendable, Equatable {
  case none
  case linear(factor: Double)
  case llama3(factor: Double, low: Double, high: Double, original: Double)
  case yarn(YaRN)
  case longrope(LongRoPE)
  case dynamic(factor: Double, original: Double)
  case factors([Float])

  /// LongRoPE's two lists of divisors and what goes with them.
  package struct LongRoPE: Sendable, Equatable {
    package var short: [Float]
    package var long: [Float]
    /// The context the model was first trained on.
    package var original: Int
    /// What cosines and sines are multiplied by.
    package var attentionFactor: Double
  }

  /// How heads turn of which `width` numbers do.
  package func embedding(theta: Double, width: Int, order: RotaryEmbedding.Order)
    -> RotaryEmbedding
  {
    RotaryEmbedding(
      inverseFrequencies: inverseFrequencies(theta: theta, headWidth: width),
      beyond: longer(theta: theta, width: width), attentionFactor: Float(attentionFactor),
      order: order)
  }

  /// What cosines and sines are multiplied by.
  private var attentionFactor: Double {
    switch self {
    case .yarn(let rule): rule.attentionFactor
    case .longrope(let rule): rule.attentionFactor
    default: 1
    }
  }

  /// What changes for long sequences; nil where nothing does.
  private func longer(theta: Double, width: Int) -> RotaryEmbedding.Beyond? {
    switch self {
    case .longrope(let rule):
      let frequencies = (0..<width / 2).map { pair in
        Float(pow(theta, -2 * Double(pair) / Double(width)))
          / (pair < rule.long.count ? rule.long[pair] : 1)
      }
      return .init(length: rule.original, rule: .frequencies(frequencies))
    case .dynamic(let factor, let original):
      return .init(
        length: Int(exactly: original) ?? 0,
        rule: .growing(theta: theta, factor: factor, width: width))
    default: return nil
    }
  }

  /// Inverse frequencies for rotary pairs of heads of `headWidth`, [headWidth / 2].
  package func inverseFrequencies(theta: Double, headWidth: Int) -> [Float] {
    (0..<headWidth / 2).map { pair in
      let frequency = pow(theta, -2 * Double(pair) / Double(headWidth))
      return Float(frequency / divisor(pair, theta, headWidth))
    }
  }

  /// The factors that GGUF stores for this rule, [headWidth / 2]; nil where it stores none.
  package func factors(theta: Double, headWidth: Int) -> [Float]? {
    switch self {
    case .none, .linear, .yarn, .longrope, .dynamic: return nil
    case .factors(let factors): return factors
    case .llama3:
      return (0..<headWidth / 2).map { pair in
        Float(divisor(pair, theta, headWidth))
      }
    }
  }

  /// What the frequency of one pair is divided by.
  private func divisor(_ pair: Int, _ theta: Double, _ width: Int) -> Double {
    let wavelength = 2 * .pi * pow(theta, 2 * Double(pair) / Double(width))
    switch self {
    case .none, .dynamic: return 1
    case .linear(let factor): return factor
    case .yarn(let rule): return rule.divisor(pair, theta: theta, width: width)
    case .longrope(let rule): return pair < rule.short.count ? Double(rule.short[pair]) : 1
    case .factors(let factors): return pair < factors.count ? Double(factors[pair]) : 1
    case .llama3(let factor, let low, let high, let original):
      if wavelength > original / low { return factor }
      if wavelength < original / high { return 1 }
      let share = (original / wavelength - low) / (high - low)
      return 1 / ((1 - share) / factor + share)
    }
  }
}
