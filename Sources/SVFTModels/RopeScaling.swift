// How a model stretches its rotary positions beyond the length it was first trained on. Everything
// here is about the inverse frequencies θ^(-2i/D), i < D/2, by which positions are multiplied:
//
//   linear  f / factor                       ("Extending context window", Chen et al. 2023)
//   llama3  wavelengths above original/low are divided by factor, those below original/high stay,
//           between them the two are mixed by s = (original/wavelength - low) / (high - low)
//   factors f_i / factors[i]: what GGUF files store in place of llama3's parameters
//
// yarn, longrope and dynamic scaling are refused by name.
package import SVFTFormats
package import SVFTTensor

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
  case factors([Float])

  /// Inverse frequencies for rotary pairs of heads of `headWidth`, [headWidth / 2].
  package func inverseFrequencies(theta: Double, headWidth: Int) -> [Float] {
    (0..<headWidth / 2).map { pair in
      let frequency = pow(theta, -2 * Double(pair) / Double(headWidth))
      return Float(frequency / divisor(pair, wavelength: 2 * .pi / frequency))
    }
  }

  /// The factors that GGUF stores for this rule, [headWidth / 2]; nil where it stores none.
  package func factors(theta: Double, headWidth: Int) -> [Float]? {
    switch self {
    case .none, .linear: return nil
    case .factors(let factors): return factors
    case .llama3:
      return (0..<headWidth / 2).map { pair in
        let frequency = pow(theta, -2 * Double(pair) / Double(headWidth))
        return Float(divisor(pair, wavelength: 2 * .pi / frequency))
      }
    }
  }

  /// What the frequency of one pair is divided by.
  private func divisor(_ pair: Int, wavelength: Double) -> Double {
    switch self {
    case .none: return 1
    case .linear(let factor): return factor
    case .factors(let factors): return pair < factors.count ? Double(factors[pair]) : 1
    case .llama3(let factor, let low, let high, let original):
      if wavelength > original / low { return factor }
      if wavelength < original / high { return 1 }
      let share = (original / wavelength - low) / (high - low)
      return 1 / ((1 - share) / factor + share)
    }
  }
}

extension RopeScaling {
  /// Reads `rope_scaling` (or `rope_parameters`, as newer files call it) of config.json, or GGUF's
  /// `rope.scaling.*`.
  ///
  /// `.unsupported` for rules we do not have, `.format` for numbers out of range.
  package init(_ hyper: Hyperparameters) throws(SVFTError) {
    if hyper.isGGUF {
      try self.init(gguf: hyper)
      return
    }
    let (key, section) = try Self.section(hyper)
    guard let section else {
      self = .none
      return
    }
    let rule = hyper.replacing(section)
    let kind = try rule.text("rope_type", default: rule.text("type", default: "default"))
    switch kind {
    case "default", "none": self = .none
    case "linear": self = .linear(factor: try Self.factor(rule))
    case "llama3":
      let low = try rule.number("low_freq_factor", in: 1e-6...1e6)
      let high = try rule.number("high_freq_factor", in: 1e-6...1e6)
      guard low < high else {
        throw SVFTError(
          .format,
          "\(hyper.place(key)): expected low_freq_factor below high_freq_factor, found \(low) and "
            + "\(high)")
      }
      let original = try rule.integer("original_max_position_embeddings", in: 1...(1 << 28))
      self = .llama3(
        factor: try Self.factor(rule), low: low, high: high, original: Double(original))
    default:
      throw SVFTError(
        .unsupported,
        "\(hyper.place(key)): expected default, linear or llama3, found \(kind.debugDescription)")
    }
  }

  /// A factor alone is linear, and a type without a factor (or with 0) scales nothing; older files
  /// call the factor rope.scale_linear.
  private init(gguf hyper: Hyperparameters) throws(SVFTError) {
    let key = "rope.scaling.type"
    switch try hyper.text("", gguf: key, default: "linear") {
    case "none": self = .none
    case "linear":
      let old = try hyper.number("", gguf: "rope.scale_linear", in: 0...1e6, default: 0)
      let factor = try hyper.number("", gguf: "rope.scaling.factor", in: 0...1e6, default: old)
      guard factor == 0 || factor >= 1e-6 else {
        throw SVFTError(
          .format,
          "\(hyper.place("", gguf: "rope.scaling.factor")): expected 1e-06 to 1000000.0, found "
            + "\(factor)")
      }
      self = factor == 0 || factor == 1 ? .none : .linear(factor: factor)
    case let other:
      throw SVFTError(
        .unsupported,
        "\(hyper.place("", gguf: key)): expected none or linear, found \(other.debugDescription)")
    }
  }

  /// The base of the frequencies, which newer files keep beside the scaling.
  package static func theta(_ hyper: Hyperparameters) throws(SVFTError) -> Double {
    let range = 1e-3...1e15
    let (_, section) = try section(hyper)
    if let section, section.has("rope_theta") {
      return try hyper.replacing(section).number("rope_theta", in: range)
    }
    return try hyper.number("rope_theta", gguf: "rope.freq_base", in: range, default: 10_000)
  }

  private static func section(_ hyper: Hyperparameters) throws(SVFTError)
    -> (key: String, section: JSON.Object?)
  {
    for key in ["rope_scaling", "rope_parameters"] {
      if let section = try hyper.section(key) { return (key, section) }
    }
    return ("rope_scaling", nil)
  }

  private static func factor(_ rule: Hyperparameters) throws(SVFTError) -> Double {
    try rule.number("factor", in: 1e-6...1e6)
  }

  /// The section of config.json that says this rule; null where there is none.
  ///
  /// `.unsupported` where only stored factors are known, and they are not llama3's.
  package func json(theta: Double, headWidth: Int) throws(SVFTError) -> JSON {
    switch self {
    case .none: return .null
    case .linear(let factor): return ["rope_type": "linear", "factor": .number(factor)]
    case .llama3(let factor, let low, let high, let original):
      return [
        "rope_type": "llama3", "factor": .number(factor), "low_freq_factor": .number(low),
        "high_freq_factor": .number(high),
        "original_max_position_embeddings": .integer(Int(exactly: original) ?? 0),
      ]
    case .factors(let factors):
      guard let found = Self.llama3(factors, theta: theta, headWidth: headWidth) else {
        throw SVFTError(
          .unsupported,
          "rope_freqs: a config.json has no parameters for these rotary factors, which are not "
            + "those of llama3 scaling; save a GGUF file instead")
      }
      return try found.json(theta: theta, headWidth: headWidth)
    }
  }
}
