// The geometry of an encoder of BERT's kind: read from config.json or GGUF metadata, and said again
// in either. What all encoders say of their blocks is in EncoderSizes.swift.
package import SVFTFormats
import SVFTLayers
package import SVFTTensor

/// What an encoder's checkpoint says about itself, checked.
package struct EncoderSettings: Sendable {
  let sizes: EncoderSizes
  let vocabulary: Int
  /// Longest sequence; the rows of the position table are more by `positionOffset`.
  let context: Int
  /// Row of the position table that belongs to the first token.
  let positionOffset: Int
  let segments: Int
  /// Probability before the classifier.
  let headDropout: Double

  /// Reads and checks everything.
  ///
  /// The stored row counts stand in where a GGUF file does not say them.
  init(
    _ hyper: Hyperparameters, offset: Int, storedTokens: Int?, storedSegments: Int?
  ) throws(SVFTError) {
    let isGGUF = hyper.isGGUF
    sizes = try EncoderSizes(hyper, epsilon: 1e-12, dropout: 0.1)
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
    headDropout = try hyper.number("classifier_dropout", in: 0...0.999, default: sizes.dropout)
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

  var geometry: Geometry {
    Geometry(
      hiddenWidth: sizes.hidden, vocabularySize: vocabulary, contextLength: context,
      layers: sizes.layers, keyValueWidth: sizes.hidden, isCausal: false, segments: segments)
  }
}

extension TransformerEncoder {
  package func config() throws(SVFTError) -> JSON.Object {
    let s = settings
    let own: [(key: String, value: JSON)] = [
      ("architectures", [.string(Family.className + "Model")]),
      ("model_type", .string(Family.names.last ?? "")),
      ("classifier_dropout", .number(s.headDropout)),
      ("max_position_embeddings", .integer(s.positions)),
      ("pad_token_id", .integer(max(0, s.positionOffset - 1))),
      ("position_embedding_type", "absolute"), ("type_vocab_size", .integer(s.segments)),
      ("use_cache", true), ("vocab_size", .integer(s.vocabulary)),
    ]
    return JSON.Object(own + s.sizes.config)
  }

  package var classifierName: String { Family.className + "ForSequenceClassification" }

  package func metadata() throws(SVFTError) -> [(key: String, value: GGUFValue)] {
    let (s, sizes) = (settings, settings.sizes)
    try sizes.activation.requireInGGUF(.gelu)
    return try [
      ("general.architecture", .string("bert")),
      ("bert.block_count", .uint32(sizes.layers)), ("bert.context_length", .uint32(s.context)),
      ("bert.embedding_length", .uint32(sizes.hidden)),
      ("bert.feed_forward_length", .uint32(sizes.feedForward)),
      ("bert.attention.head_count", .uint32(sizes.heads)),
      ("bert.attention.layer_norm_epsilon", .float32(Float(sizes.epsilon))),
      ("bert.attention.causal", .bool(false)),
      ("bert.vocab_size", .uint32(s.vocabulary)),
      ("tokenizer.ggml.token_type_count", .uint32(s.segments)),
    ]
  }
}
