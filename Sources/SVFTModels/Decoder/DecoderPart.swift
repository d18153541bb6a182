// The tensors that decoders are made of, each by one word, with the name that GGUF files give it.
// Families say what their folders call the parts they have; what a family does not name, it has
// not. "*" stands for a layer's number.

/// One module of a decoder.
package enum DecoderPart: String, Sendable, CaseIterable {
  case embedding = "token_embd"
  case positions = "position_embd"
  /// Before the first layer, where words are narrower than the layers (OPT-350m).
  case inputProjection = "token_embd_proj"

  case attentionNorm = "blk.*.attn_norm"
  case query = "blk.*.attn_q"
  case key = "blk.*.attn_k"
  case value = "blk.*.attn_v"
  /// Query, key and value as one matrix.
  case fusedAttention = "blk.*.attn_qkv"
  case queryNorm = "blk.*.attn_q_norm"
  case keyNorm = "blk.*.attn_k_norm"
  case attentionOutput = "blk.*.attn_output"
  /// On what attention gives, before it is added.
  case attentionResultNorm = "blk.*.post_attention_norm"

  case feedForwardNorm = "blk.*.ffn_norm"
  case gate = "blk.*.ffn_gate"
  /// Alone, or gate and up as one matrix where a family gates and names no gate.
  case up = "blk.*.ffn_up"
  case down = "blk.*.ffn_down"
  /// On what the feed-forward block gives, before it is added.
  case feedForwardResultNorm = "blk.*.post_ffw_norm"

  case norm = "output_norm"
  /// After the last layer, where words are narrower than the layers.
  case outputProjection = "output_proj"
  case head = "output"
  case score = "cls.output"
  /// Llama 3's divisors of rotary frequencies, in GGUF files alone.
  case ropeFactors = "rope_freqs"
  /// LongRoPE's, in GGUF files alone.
  case longFactors = "rope_factors_long"
  case shortFactors = "rope_factors_short"

  /// Parts that are multiplied with.
  static let linear: [DecoderPart] = [
    .query, .key, .value, .fusedAttention, .attentionOutput, .gate, .up, .down,
  ]
  static let norms: [DecoderPart] = [
    .attentionNorm, .queryNorm, .keyNorm, .attentionResultNorm, .feedForwardNorm,
    .feedForwardResultNorm, .norm,
  ]
}

/// What folders call the parts of a decoder.
package struct DecoderNames: Sendable {
  private let names: [DecoderPart: String]

  package init(_ names: [DecoderPart: String]) { self.names = names }

  /// Llama's names, which many families kept.
  package static let usual = DecoderNames([
    .embedding: "model.embed_tokens",
    .attentionNorm: "model.layers.*.input_layernorm",
    .query: "model.layers.*.self_attn.q_proj",
    .key: "model.layers.*.self_attn.k_proj",
    .value: "model.layers.*.self_attn.v_proj",
    .attentionOutput: "model.layers.*.self_attn.o_proj",
    .feedForwardNorm: "model.layers.*.post_attention_layernorm",
    .gate: "model.layers.*.mlp.gate_proj",
    .up: "model.layers.*.mlp.up_proj",
    .down: "model.layers.*.mlp.down_proj",
    .norm: "model.norm",
    .head: "lm_head",
    .score: "score",
  ])

  /// The same with other names for some parts; nil takes a part away.
  package func with(_ changes: [DecoderPart: String?]) -> DecoderNames {
    var names = names
    for (part, name) in changes { names[part] = name }
    return DecoderNames(names)
  }

  /// Whether the family has this part at all.
  package func has(_ part: DecoderPart) -> Bool { names[part] != nil }

  /// The module's name in layer `number`; the part's own word where the family has none, which no
  /// file has.
  package func callAsFunction(_ part: DecoderPart, _ number: Int = 0) -> String {
    let pattern = names[part] ?? part.rawValue
    return pattern.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
      .joined(separator: "\(number)")
  }

  /// Both dialects as one table.
  ///
  /// `prefix` is what folders of bodies alone leave out.
  package func table(prefix: String, constants: [String] = []) -> TensorNames {
    // Whatever files call a head, transformers 5 calls it so in memory, where PEFT looks for it.
    let head = names[.head].map { [(canonical: $0, alias: "lm_head")] } ?? []
    return TensorNames(
      prefix: prefix, constants: constants, aliases: head.filter { $0.canonical != $0.alias },
      DecoderPart.allCases.compactMap { part in names[part].map { ($0, part.rawValue) } })
  }
}
