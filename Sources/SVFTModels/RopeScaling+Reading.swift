// Reads how positions are stretched: `rope_scaling` (or `rope_parameters`, as newer files call it)
// of config.json, or GGUF's `rope.scaling.*`.
import SVFTFormats
package import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension RopeScaling {
  /// Contexts that a rule may have been made for.
  private static let contexts = 1...(1 << 28)

  /// Reads the rule; of a file that has one per kind of layer ("full_attention"), that of `kind`.
  ///
  /// `.unsupported` for rules we do not have, `.format` for numbers out of range.
  package init(_ hyper: Hyperparameters, kind: String? = nil) throws(SVFTError) {
    if hyper.isGGUF {
      try self.init(gguf: hyper)
      return
    }
    let (key, section) = try Self.section(hyper, kind)
    guard let section else {
      self = .none
      return
    }
    let rule = hyper.replacing(section)
    let name = try rule.text("rope_type", default: rule.text("type", default: "default"))
    switch name {
    case "default", "none": self = .none
    case "linear": self = .linear(factor: try Self.factor(rule))
    case "llama3": self = try Self.llama3(rule, hyper, key)
    case "yarn": self = .yarn(try Self.yarn(rule, hyper))
    // The first files of Phi-3 call it "su".
    case "longrope", "su": self = .longrope(try Self.longrope(rule, hyper, key))
    case "dynamic":
      let original = try Self.original(rule, hyper, isStretched: false)
      self = .dynamic(factor: try Self.factor(rule), original: Double(original))
    default:
      throw SVFTError(
        .unsupported,
        "\(hyper.place(key)): expected default, linear, dynamic, yarn, longrope or llama3, found "
          + name.debugDescription)
    }
  }

  private static func llama3(
    _ rule: Hyperparameters, _ hyper: Hyperparameters, _ key: String
  ) throws(SVFTError) -> RopeScaling {
    let low = try rule.number("low_freq_factor", in: 1e-6...1e6)
    let high = try rule.number("high_freq_factor", in: 1e-6...1e6)
    guard low < high else {
      throw SVFTError(
        .format,
        "\(hyper.place(key)): expected low_freq_factor below high_freq_factor, found \(low) and "
          + "\(high)")
    }
    let original = try rule.integer("original_max_position_embeddings", in: contexts)
    return .llama3(factor: try factor(rule), low: low, high: high, original: Double(original))
  }

  private static func yarn(_ rule: Hyperparameters, _ hyper: Hyperparameters) throws(SVFTError)
    -> YaRN
  {
    let range = 1e-6...1e6
    let original = Double(try original(rule, hyper, isStretched: true))
    let context = try hyper.integer("max_position_embeddings", in: contexts, default: 2048)
    let factor = try rule.number("factor", in: range, default: Double(context) / original)
    var yarn = YaRN(factor: factor, original: original)
    yarn.fast = try rule.number("beta_fast", in: range, default: 32)
    yarn.slow = try rule.number("beta_slow", in: range, default: 1)
    yarn.truncates = try rule.flag("truncate", default: true)
    if rule.value("mscale") != nil, rule.value("mscale_all_dim") != nil {
      let scale = try rule.number("mscale", in: 0...1e6)
      let all = try rule.number("mscale_all_dim", in: 0...1e6)
      if scale != 0, all != 0 {
        yarn.attentionFactor =
          YaRN.usualAttentionFactor(factor, scale: scale)
          / YaRN.usualAttentionFactor(factor, scale: all)
      }
    }
    yarn.attentionFactor = try rule.number(
      "attention_factor", in: range, default: yarn.attentionFactor)
    return yarn
  }

  private static func longrope(
    _ rule: Hyperparameters, _ hyper: Hyperparameters, _ key: String
  ) throws(SVFTError) -> LongRoPE {
    let original = try original(rule, hyper, isStretched: true)
    let context = try hyper.integer("max_position_embeddings", in: contexts, default: original)
    let factor = try rule.number(
      "factor", in: 1e-6...1e6, default: Double(context) / Double(original))
    let usual = factor <= 1 ? 1 : (1 + log(factor) / log(Double(max(2, original)))).squareRoot()
    let lists = try (rule.numbers("short_factor"), rule.numbers("long_factor"))
    guard (lists.0 + lists.1).allSatisfy({ $0 > 0 }), lists.0.count == lists.1.count else {
      throw SVFTError(
        .format,
        "\(hyper.place(key)): expected as many short_factor as long_factor, all above 0, found "
          + "\(lists.0.count) and \(lists.1.count)")
    }
    return LongRoPE(
      short: lists.0.map(Float.init), long: lists.1.map(Float.init), original: original,
      attentionFactor: try rule.number("attention_factor", in: 1e-6...1e6, default: usual))
  }

  /// The context a rule starts from: its own word, the file's, or the context there is.
  private static func original(
    _ rule: Hyperparameters, _ hyper: Hyperparameters, isStretched: Bool
  ) throws(SVFTError) -> Int {
    let context = try hyper.integer("max_position_embeddings", in: contexts, default: 2048)
    guard isStretched else { return context }
    let key = "original_max_position_embeddings"
    return try hyper.integer(
      key, in: contexts, default: rule.integer(key, in: contexts, default: context))
  }

  /// A factor alone is linear, and a type without a factor (or with 0) scales nothing; older files
  /// call the factor rope.scale_linear.
  private init(gguf hyper: Hyperparameters) throws(SVFTError) {
    let key = "rope.scaling.type"
    let old = try hyper.number("", gguf: "rope.scale_linear", in: 0...1e6, default: 0)
    let factor = try hyper.number("", gguf: "rope.scaling.factor", in: 0...1e6, default: old)
    guard factor == 0 || factor >= 1e-6 else {
      throw SVFTError(
        .format,
        "\(hyper.place("", gguf: "rope.scaling.factor")): expected 1e-06 to 1000000.0, found "
          + "\(factor)")
    }
    switch try hyper.text("", gguf: key, default: "linear") {
    case "none": self = .none
    // Its lists are tensors, which are taken with the weights.
    case "longrope": self = .none
    case "linear": self = factor == 0 || factor == 1 ? .none : .linear(factor: factor)
    case "yarn":
      let context = try hyper.integer(
        "", gguf: "context_length", in: Self.contexts, default: 2048)
      let original = try hyper.integer(
        "", gguf: "rope.scaling.original_context_length", in: Self.contexts, default: context)
      var yarn = YaRN(factor: factor == 0 ? 1 : factor, original: Double(original))
      yarn.attentionFactor *= try hyper.number(
        "", gguf: "rope.scaling.attn_factor", in: 1e-6...1e6, default: 1)
      self = .yarn(yarn)
    case let other:
      throw SVFTError(
        .unsupported,
        "\(hyper.place("", gguf: key)): expected none, linear, yarn or longrope, found "
          + other.debugDescription)
    }
  }

  /// LongRoPE as GGUF files have it: two lists as tensors, the rest as metadata.
  static func longrope(
    _ hyper: Hyperparameters, short: [Float], long: [Float]
  ) throws(SVFTError) -> RopeScaling {
    let context = try hyper.integer("", gguf: "context_length", in: contexts, default: 2048)
    return .longrope(
      LongRoPE(
        short: short, long: long,
        original: try hyper.integer(
          "", gguf: "rope.scaling.original_context_length", in: contexts, default: context),
        attentionFactor: try hyper.number(
          "", gguf: "rope.scaling.attn_factor", in: 1e-6...1e6, default: 1)))
  }

  /// The base of the frequencies, which newer files keep beside the scaling; of a file that has one
  /// per kind of layer, that of `kind`.
  package static func theta(
    _ hyper: Hyperparameters, key: String = "rope_theta", kind: String? = nil,
    default other: Double = 10_000
  ) throws(SVFTError) -> Double {
    let range = 1e-3...1e15
    let (_, section) = try section(hyper, kind)
    if let section, section.has("rope_theta") {
      return try hyper.replacing(section).number("rope_theta", in: range)
    }
    return try hyper.number(key, gguf: "rope.freq_base", in: range, default: other)
  }

  /// The share of a head's numbers that turn.
  package static func partialFactor(
    _ hyper: Hyperparameters, key: String = "partial_rotary_factor", default other: Double = 1
  ) throws(SVFTError) -> Double {
    let (_, section) = try section(hyper, nil)
    if let section, section.has("partial_rotary_factor") {
      return try hyper.replacing(section).number("partial_rotary_factor", in: 0...1)
    }
    return try hyper.number(key, in: 0...1, default: other)
  }

  private static func section(_ hyper: Hyperparameters, _ kind: String?) throws(SVFTError)
    -> (key: String, section: JSON.Object?)
  {
    for key in ["rope_scaling", "rope_parameters"] {
      guard let section = try hyper.section(key) else { continue }
      guard let kind, let nested = section[kind] else { return (key, section) }
      return (key + "." + kind, try nested.object(hyper.place(key)))
    }
    return ("rope_scaling", nil)
  }

  private static func factor(_ rule: Hyperparameters) throws(SVFTError) -> Double {
    try rule.number("factor", in: 1e-6...1e6)
  }
}
