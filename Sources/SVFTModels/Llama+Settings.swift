// The geometry of a Llama model: read from config.json or GGUF metadata, and said again in either.
package import SVFTFormats
package import SVFTLayers
package import SVFTTensor

extension Llama {
  /// What a Llama checkpoint says about itself, checked.
  package struct Settings: Sendable {
    let hidden: Int
    let feedForward: Int
    let layers: Int
    let heads: Int
    let keyValueHeads: Int
    let headWidth: Int
    let vocabulary: Int
    let context: Int
    let epsilon: Double
    let theta: Double
    var scaling: RopeScaling
    let activation: ActivationFunction
    var isTied: Bool
    var attentionBias: Bool
    var feedForwardBias: Bool
    /// Probability, in training, for the weights of attention.
    let attentionDropout: Double

    /// Reads and checks everything.
    ///
    /// `stored` is the number of rows of the token embedding, which stands in where a GGUF file
    /// does not say its vocabulary.
    init(_ hyper: Hyperparameters, stored: Int?) throws(SVFTError) {
      hidden = try hyper.integer("hidden_size", gguf: "embedding_length", in: 1...(1 << 20))
      layers = try hyper.integer("num_hidden_layers", gguf: "block_count", in: 1...4096)
      feedForward = try hyper.integer(
        "intermediate_size", gguf: "feed_forward_length", in: 1...(1 << 22))
      heads = try hyper.integer(
        "num_attention_heads", gguf: "attention.head_count", in: 1...65_536)
      keyValueHeads = try hyper.integer(
        "num_key_value_heads", gguf: "attention.head_count_kv", in: 1...65_536, default: heads)
      let whole = hidden % heads == 0 ? hidden / heads : nil
      let given = hyper.value("head_dim", gguf: "attention.key_length") != nil
      guard given || whole != nil else {
        throw SVFTError(
          .format,
          "\(hyper.file): expected a hidden size divisible by the attention heads, found \(hidden) "
            + "and \(heads)")
      }
      headWidth = try hyper.integer(
        "head_dim", gguf: "attention.key_length", in: 1...65_536, default: whole)
      guard heads % keyValueHeads == 0 else {
        throw SVFTError(
          .format,
          "\(hyper.file): expected attention heads in whole groups, found \(heads) heads for "
            + "\(keyValueHeads) key-value heads")
      }
      guard headWidth % 2 == 0 else {
        throw SVFTError(
          .format, "\(hyper.file): expected an even head width for rotary pairs, found \(headWidth)"
        )
      }
      vocabulary = try hyper.integer(
        "vocab_size", gguf: "vocab_size", in: 1...(1 << 24),
        default: hyper.isGGUF ? stored : nil)
      context = try hyper.integer(
        "max_position_embeddings", gguf: "context_length", in: 1...(1 << 28),
        default: hyper.isGGUF ? nil : 2048)
      // Zero is legal: the norm of a row of zeros then is no number, which training guards against.
      epsilon = try hyper.number(
        "rms_norm_eps", gguf: "attention.layer_norm_rms_epsilon", in: 0...1,
        default: hyper.isGGUF ? nil : 1e-6)
      theta = try RopeScaling.theta(hyper)
      scaling = try RopeScaling(hyper)
      activation = try hyper.activation("hidden_act", default: "silu")
      isTied = try hyper.flag("tie_word_embeddings", default: false)
      attentionBias = try hyper.flag("attention_bias", default: false)
      feedForwardBias = try hyper.flag("mlp_bias", default: false)
      attentionDropout = try hyper.number("attention_dropout", in: 0...0.999, default: 0)
      try Self.refuseVariants(hyper, headWidth: headWidth)
    }

    /// Refuses what other models of the same name do differently.
    private static func refuseVariants(_ hyper: Hyperparameters, headWidth: Int) throws(SVFTError) {
      let rotary = try hyper.integer(
        "", gguf: "rope.dimension_count", in: 1...65_536, default: headWidth)
      try hyper.refuse(
        "", gguf: "rope.dimension_count", unless: rotary == headWidth,
        "rotating \(rotary) of \(headWidth) dimensions")
      let partial = try hyper.number("partial_rotary_factor", in: 0...1, default: 1)
      try hyper.refuse("partial_rotary_factor", unless: partial == 1, "\(partial)")
      let values = try hyper.integer(
        "", gguf: "attention.value_length", in: 1...65_536, default: headWidth)
      try hyper.refuse(
        "", gguf: "attention.value_length", unless: values == headWidth,
        "a value width of \(values) beside a key width of \(headWidth)")
      let experts = try hyper.integer("", gguf: "expert_count", in: 0...65_536, default: 0)
      try hyper.refuse("", gguf: "expert_count", unless: experts == 0, "a mixture of experts")
    }

    var geometry: Geometry {
      Geometry(
        hiddenWidth: hidden, vocabularySize: vocabulary, contextLength: context, layers: layers,
        keyValueWidth: keyValueHeads * headWidth)
    }
  }

  package func config() throws(SVFTError) -> JSON.Object {
    let s = settings
    return try JSON.Object([
      ("architectures", [languageModelHead == nil ? "LlamaModel" : "LlamaForCausalLM"]),
      ("model_type", "llama"),
      ("attention_bias", .bool(s.attentionBias)),
      ("attention_dropout", .number(s.attentionDropout)),
      ("head_dim", .integer(s.headWidth)), ("hidden_act", .string(s.activation.configName)),
      ("hidden_size", .integer(s.hidden)), ("initializer_range", 0.02),
      ("intermediate_size", .integer(s.feedForward)),
      ("max_position_embeddings", .integer(s.context)), ("mlp_bias", .bool(s.feedForwardBias)),
      ("num_attention_heads", .integer(s.heads)), ("num_hidden_layers", .integer(s.layers)),
      ("num_key_value_heads", .integer(s.keyValueHeads)), ("rms_norm_eps", .number(s.epsilon)),
      ("rope_scaling", s.scaling.json(theta: s.theta, headWidth: s.headWidth)),
      ("rope_theta", .number(s.theta)),
      ("tie_word_embeddings", .bool(s.isTied)), ("use_cache", true),
      ("vocab_size", .integer(s.vocabulary)),
    ])
  }

  package var classifierName: String { "LlamaForSequenceClassification" }

  package func ggufRowOrder(_ name: String) -> RowOrder {
    let isRotated = name.contains(".q_proj.") || name.contains(".k_proj.")
    return isRotated ? .interleaved(headWidth: settings.headWidth) : .canonical
  }

  package func metadata() throws(SVFTError) -> [(key: String, value: GGUFValue)] {
    let s = settings
    try s.activation.requireInGGUF(.silu)
    var list: [(key: String, value: GGUFValue)] = try [
      ("general.architecture", .string("llama")),
      ("llama.block_count", .uint32(s.layers)), ("llama.context_length", .uint32(s.context)),
      ("llama.embedding_length", .uint32(s.hidden)),
      ("llama.feed_forward_length", .uint32(s.feedForward)),
      ("llama.attention.head_count", .uint32(s.heads)),
      ("llama.attention.head_count_kv", .uint32(s.keyValueHeads)),
      ("llama.attention.key_length", .uint32(s.headWidth)),
      ("llama.attention.value_length", .uint32(s.headWidth)),
      ("llama.attention.layer_norm_rms_epsilon", .float32(Float(s.epsilon))),
      ("llama.rope.dimension_count", .uint32(s.headWidth)),
      ("llama.rope.freq_base", .float32(Float(s.theta))),
      ("llama.vocab_size", .uint32(s.vocabulary)),
    ]
    if case .linear(let factor) = s.scaling {
      list.append(("llama.rope.scaling.type", .string("linear")))
      list.append(("llama.rope.scaling.factor", .float32(Float(factor))))
    }
    return list
  }

  package var ggufTensors: [(name: String, values: [Float])] {
    let factors = settings.scaling.factors(theta: settings.theta, headWidth: settings.headWidth)
    return factors.map { [("rope_freqs.weight", $0)] } ?? []
  }
}
