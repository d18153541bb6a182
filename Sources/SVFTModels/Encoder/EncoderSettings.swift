// The geometry of an encoder: read from config.json or GGUF metadata, and said again in either.
// GGUF has no key for the activation and for dropout: such files get BERT's own gelu and none.
package import SVFTFormats
import SVFTLayers
package import SVFTTensor

/// What an encoder's checkpoint says about itself, checked.
package struct EncoderSettings: Sendable {
  let hidden: Int
  let feedForward: Int
  let layers: Int
  let heads: Int
  let vocabulary: Int
  /// Longest sequence; the rows of the position table are more by `positionOffset`.
  let context: Int
  /// Row of the position table that belongs to the first token.
  let positionOffset: Int
  let segments: Int
  let epsilon: Double
  let activation: ActivationFunction
  /// Probability for the embeddings and the residual branches.
  let dropout: Double
  /// Probability for the weights of attention.
  let attentionDropout: Double
  /// Probability before the classifier.
  let headDropout: Double

  /// Reads and checks everything.
  ///
  /// The stored row counts stand in where a GGUF file does not say them.
  init(
    _ hyper: Hyperparameters, offset: Int, storedTokens: Int?, storedSegments: Int?
  ) throws(SVFTError) {
    let isGGUF = hyper.isGGUF
    hidden = try hyper.integer("hidden_size", gguf: "embedding_length", in: 1...(1 << 20))
    layers = try hyper.integer("num_hidden_layers", gguf: "block_count", in: 1...4096)
    feedForward = try hyper.integer(
      "intermediate_size", gguf: "feed_forward_length", in: 1...(1 << 22))
    heads = try hyper.integer(
      "num_attention_heads", gguf: "attention.head_count", in: 1...65_536)
    guard hidden % heads == 0 else {
      throw SVFTError(
        .format,
        "\(hyper.file): expected a hidden size divisible by the attention heads, found \(hidden) "
          + "and \(heads)")
    }
    vocabulary = try hyper.integer(
      "vocab_size", gguf: "vocab_size", in: 1...(1 << 24), default: isGGUF ? storedTokens : nil)
    let positions = try hyper.integer(
      "max_position_embeddings", gguf: "context_length", in: 1...(1 << 28),
      default: isGGUF ? nil : 512)
    // GGUF files count from the first token's row, and leave out those before it.
    guard isGGUF || positions > offset else {
      throw SVFTError(
        .format,
        "\(hyper.place("max_position_embeddings")): expected more than \(offset) rows, because "
          + "the first token has row \(offset), found \(positions)")
    }
    (context, positionOffset) = (isGGUF ? positions : positions - offset, offset)
    segments = try hyper.integer(
      "type_vocab_size", gguf: "tokenizer.ggml.token_type_count", in: 1...65_536,
      default: isGGUF ? storedSegments ?? 2 : 2)
    epsilon = try hyper.number(
      "layer_norm_eps", gguf: "attention.layer_norm_epsilon", in: 0...1, default: 1e-12)
    activation = try hyper.activation("hidden_act", default: "gelu")
    dropout = try hyper.number(
      "hidden_dropout_prob", in: 0...0.999, default: isGGUF ? 0 : 0.1)
    attentionDropout = try hyper.number(
      "attention_probs_dropout_prob", in: 0...0.999, default: isGGUF ? 0 : 0.1)
    headDropout = try hyper.number("classifier_dropout", in: 0...0.999, default: dropout)
    try Self.refuseVariants(hyper)
  }

  /// Refuses what other models of the same name do differently.
  private static func refuseVariants(_ hyper: Hyperparameters) throws(SVFTError) {
    let positions = try hyper.text("position_embedding_type", default: "absolute")
    try hyper.refuse(
      "position_embedding_type", unless: positions == "absolute", positions.debugDescription)
    let decodes = try hyper.flag("is_decoder", default: false)
    try hyper.refuse("is_decoder", unless: !decodes, "a decoding BERT")
    let causal = try hyper.flag("", gguf: "attention.causal", default: false)
    try hyper.refuse("", gguf: "attention.causal", unless: !causal, "a causal BERT")
  }

  /// Rows of the position table.
  var positions: Int { context + positionOffset }

  var sizes: EncoderSizes {
    EncoderSizes(
      hidden: hidden, feedForward: feedForward, heads: heads, epsilon: Float(epsilon),
      activation: activation, dropout: dropout, attentionDropout: attentionDropout)
  }

  var geometry: Geometry {
    Geometry(
      hiddenWidth: hidden, vocabularySize: vocabulary, contextLength: context, layers: layers,
      keyValueWidth: hidden, isCausal: false, segments: segments)
  }
}

extension TransformerEncoder {
  package func config() throws(SVFTError) -> JSON.Object {
    let s = settings
    return JSON.Object([
      ("architectures", [.string(Family.className + "Model")]),
      ("model_type", .string(Family.names.last ?? "")),
      ("attention_probs_dropout_prob", .number(s.attentionDropout)),
      ("classifier_dropout", .number(s.headDropout)),
      ("hidden_act", .string(s.activation.configName)),
      ("hidden_dropout_prob", .number(s.dropout)), ("hidden_size", .integer(s.hidden)),
      ("initializer_range", 0.02), ("intermediate_size", .integer(s.feedForward)),
      ("layer_norm_eps", .number(s.epsilon)), ("max_position_embeddings", .integer(s.positions)),
      ("num_attention_heads", .integer(s.heads)), ("num_hidden_layers", .integer(s.layers)),
      ("pad_token_id", .integer(max(0, s.positionOffset - 1))),
      ("position_embedding_type", "absolute"),
      ("type_vocab_size", .integer(s.segments)), ("use_cache", true),
      ("vocab_size", .integer(s.vocabulary)),
    ])
  }

  package var classifierName: String { Family.className + "ForSequenceClassification" }

  package func metadata() throws(SVFTError) -> [(key: String, value: GGUFValue)] {
    let s = settings
    try s.activation.requireInGGUF(.gelu)
    return try [
      ("general.architecture", .string("bert")),
      ("bert.block_count", .uint32(s.layers)), ("bert.context_length", .uint32(s.context)),
      ("bert.embedding_length", .uint32(s.hidden)),
      ("bert.feed_forward_length", .uint32(s.feedForward)),
      ("bert.attention.head_count", .uint32(s.heads)),
      ("bert.attention.layer_norm_epsilon", .float32(Float(s.epsilon))),
      ("bert.attention.causal", .bool(false)),
      ("bert.vocab_size", .uint32(s.vocabulary)),
      ("tokenizer.ggml.token_type_count", .uint32(s.segments)),
    ]
  }
}
