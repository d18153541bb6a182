// Says how positions are stretched: as the section of config.json, or as GGUF metadata.
package import SVFTFormats
package import SVFTTensor

extension RopeScaling {
  /// The section of config.json that says this rule; null where there is none.
  ///
  /// `.unsupported` where only stored factors are known, and they are not llama3's.
  package func json(theta: Double, headWidth: Int) throws(SVFTError) -> JSON {
    switch self {
    case .none: return .null
    case .linear(let factor): return ["rope_type": "linear", "factor": .number(factor)]
    case .dynamic(let factor, _): return ["rope_type": "dynamic", "factor": .number(factor)]
    case .llama3(let factor, let low, let high, let original):
      return [
        "rope_type": "llama3", "factor": .number(factor), "low_freq_factor": .number(low),
        "high_freq_factor": .number(high),
        "original_max_position_embeddings": .integer(Int(exactly: original) ?? 0),
      ]
    case .yarn(let rule):
      return [
        "rope_type": "yarn", "factor": .number(rule.factor), "beta_fast": .number(rule.fast),
        "beta_slow": .number(rule.slow), "truncate": .bool(rule.truncates),
        "attention_factor": .number(rule.attentionFactor),
        "original_max_position_embeddings": .integer(Int(exactly: rule.original) ?? 0),
      ]
    case .longrope(let rule):
      return [
        "rope_type": "longrope", "attention_factor": .number(rule.attentionFactor),
        "short_factor": .array(rule.short.map { .number(Double($0)) }),
        "long_factor": .array(rule.long.map { .number(Double($0)) }),
        "original_max_position_embeddings": .integer(rule.original),
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

  /// GGUF metadata that say this rule, for the architecture `name`; factors and lists are tensors.
  ///
  /// `.unsupported` for what llama.cpp cannot be told.
  package func metadata(_ name: String) throws(SVFTError) -> [(key: String, value: GGUFValue)] {
    let key = name + ".rope.scaling."
    switch self {
    case .none, .llama3, .factors: return []
    case .linear(let factor):
      return [
        (key + "type", .string("linear")), (key + "factor", .float32(Float(factor))),
      ]
    case .yarn(let rule):
      guard rule.fast == 32, rule.slow == 1, rule.truncates else { throw Self.unsaid("this yarn") }
      let usual = YaRN.usualAttentionFactor(rule.factor)
      return try [
        (key + "type", .string("yarn")), (key + "factor", .float32(Float(rule.factor))),
        (key + "original_context_length", .uint32(Int(exactly: rule.original) ?? 0)),
        (key + "attn_factor", .float32(Float(rule.attentionFactor / usual))),
      ]
    case .longrope(let rule):
      return try [
        (key + "type", .string("longrope")),
        (key + "original_context_length", .uint32(rule.original)),
        (key + "attn_factor", .float32(Float(rule.attentionFactor))),
      ]
    case .dynamic: throw Self.unsaid("dynamic")
    }
  }

  private static func unsaid(_ rule: String) -> SVFTError {
    SVFTError(
      .unsupported,
      "rope_scaling: a GGUF file cannot say \(rule) scaling; save a folder instead")
  }
}
