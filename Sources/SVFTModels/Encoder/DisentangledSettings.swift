// The geometry of a DeBERTa of the second kind, read from config.json and said again. Its keys and
// their defaults are those of transformers' DebertaV2Config; several stand in no config class but
// in the files (share_att_key, position_buckets, norm_rel_ebd, conv_kernel_size …).
package import SVFTFormats
import SVFTLayers
package import SVFTTensor

/// What such an encoder's config.json says, checked.
package struct DisentangledSettings: Sendable {
  let sizes: EncoderSizes
  /// Width of the tables of the embedding.
  let embedding: Int
  let vocabulary: Int
  let context: Int
  /// Rows of the table of segments; 0 where there is none.
  let segments: Int
  /// Whether positions are added to the embedding.
  let addsPositions: Bool
  /// nil where attention knows of none.
  let positions: RelativePositions?
  /// Whether rows of relative positions go through a norm of their own.
  let normsPositions: Bool
  let hasNormOfPositions: Bool
  /// Whether positions go through the modules of queries and keys, not through their own.
  let sharesModules: Bool
  /// Whether queries meet keys of positions, and keys their queries.
  let terms: (keys: Bool, queries: Bool)
  let convolution: Convolution?
  let head: Head

  /// The convolution beside the first block.
  struct Convolution: Sendable {
    let width: Int
    let activation: ActivationFunction
  }

  /// The class head's own settings.
  struct Head: Sendable {
    let activation: ActivationFunction
    let inputDropout: Double
    let dropout: Double
  }

  init(_ hyper: Hyperparameters) throws(SVFTError) {
    sizes = try EncoderSizes(hyper, epsilon: 1e-7, dropout: 0.1)
    embedding = try hyper.integer("embedding_size", in: 1...(1 << 20), default: sizes.hidden)
    vocabulary = try hyper.integer("vocab_size", in: 1...(1 << 24))
    context = try hyper.integer("max_position_embeddings", in: 1...(1 << 28), default: 512)
    segments = try hyper.integer("type_vocab_size", in: 0...65_536, default: 0)
    addsPositions = try hyper.flag("position_biased_input", default: true)
    sharesModules = try hyper.flag("share_att_key", default: false)
    let relative = try hyper.flag("relative_attention", default: false)
    positions = relative ? try Self.positions(hyper, context: context) : nil
    let kinds = try Self.kinds(hyper)
    terms = (kinds.contains("c2p"), kinds.contains("p2c"))
    let norms = try Self.parts(hyper.text("norm_rel_ebd", default: "none"))
    hasNormOfPositions = norms.contains("layer_norm")
    normsPositions = relative && hasNormOfPositions
    convolution = try Self.convolution(hyper)
    head = try Head(
      activation: hyper.activation("pooler_hidden_act", default: "gelu"),
      inputDropout: hyper.number("pooler_dropout", in: 0...0.999, default: 0),
      dropout: hyper.number("cls_dropout", in: 0...0.999, default: sizes.dropout))
    try sizes.requireHeads("attention_head_size", of: hyper)
    let pooled = try hyper.integer("pooler_hidden_size", in: 1...(1 << 20), default: sizes.hidden)
    try hyper.refuse("pooler_hidden_size", unless: pooled == sizes.hidden, "a pooler of \(pooled)")
  }

  /// Parts of "c2p|p2c".
  private static func parts(_ text: String) -> [String] {
    text.lowercased().split(separator: "|").map { part in
      String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
  }

  private static func kinds(_ hyper: Hyperparameters) throws(SVFTError) -> [String] {
    let key = "pos_att_type"
    guard let value = hyper.value(key) else { return [] }
    let kinds: [String] =
      if case .string(let text) = value { parts(text) } else { try hyper.strings(key) }
    for kind in kinds where !["c2p", "p2c", "", "none"].contains(kind) {
      try hyper.refuse(key, unless: false, kind.debugDescription)
    }
    return kinds
  }

  private static func positions(
    _ hyper: Hyperparameters, context: Int
  ) throws(SVFTError) -> RelativePositions {
    let key = "max_relative_positions"
    let stated = try hyper.integer(key, in: (-1 << 20)...(1 << 20), default: -1)
    let farthest = stated < 1 ? context : stated
    let buckets = try hyper.integer("position_buckets", in: (-1 << 20)...(1 << 20), default: -1)
    guard buckets > 0 else {
      _ = try Checked.within(farthest, 1...(1 << 20), hyper.place(key), kind: .limit)
      return RelativePositions(span: farthest)
    }
    guard farthest - 1 > max(1, buckets / 2) else {
      throw SVFTError(
        .format,
        "\(hyper.place(key)): expected more than half of position_buckets \(buckets) and one, "
          + "found \(farthest)")
    }
    return RelativePositions(span: buckets, bucketsTo: farthest)
  }

  private static func convolution(_ hyper: Hyperparameters) throws(SVFTError) -> Convolution? {
    let width = try hyper.integer("conv_kernel_size", in: 0...1024, default: 0)
    guard width > 0 else { return nil }
    try hyper.refuse("conv_kernel_size", unless: width % 2 == 1, "a convolution of even width")
    let groups = try hyper.integer("conv_groups", in: 1...65_536, default: 1)
    try hyper.refuse("conv_groups", unless: groups == 1, "a convolution in groups")
    return Convolution(
      width: width, activation: try hyper.activation("conv_act", default: "tanh"))
  }

  var hidden: Int { sizes.hidden }

  /// Products that a score sums.
  var scoreTerms: Int { 1 + (terms.keys ? 1 : 0) + (terms.queries ? 1 : 0) }

  var geometry: Geometry {
    Geometry(
      hiddenWidth: sizes.hidden, vocabularySize: vocabulary, contextLength: context,
      layers: sizes.layers, keyValueWidth: sizes.hidden, isCausal: false, segments: segments)
  }
}

extension DisentangledEncoder {
  package func config() throws(SVFTError) -> JSON.Object {
    let s = settings
    let kinds = [s.terms.queries ? "p2c" : nil, s.terms.keys ? "c2p" : nil].compactMap { $0 }
    let own: [(key: String, value: JSON)] = [
      ("architectures", ["DebertaV2Model"]), ("model_type", "deberta-v2"),
      ("cls_dropout", .number(s.head.dropout)), ("embedding_size", .integer(s.embedding)),
      ("max_position_embeddings", .integer(s.context)),
      ("max_relative_positions", .integer(s.positions?.farthest ?? s.positions?.span ?? -1)),
      ("norm_rel_ebd", .string(s.hasNormOfPositions ? "layer_norm" : "none")),
      ("pad_token_id", 0), ("pooler_dropout", .number(s.head.inputDropout)),
      ("pooler_hidden_act", .string(s.head.activation.configName)),
      ("pooler_hidden_size", .integer(s.hidden)),
      ("pos_att_type", .array(kinds.map { .string($0) })),
      ("position_biased_input", .bool(s.addsPositions)),
      ("position_buckets", .integer(s.positions?.farthest == nil ? -1 : s.positions?.span ?? -1)),
      ("relative_attention", .bool(s.positions != nil)),
      ("share_att_key", .bool(s.sharesModules)), ("type_vocab_size", .integer(s.segments)),
      ("vocab_size", .integer(s.vocabulary)),
    ]
    var config = JSON.Object(own + s.sizes.config)
    if let convolution = s.convolution {
      config["conv_kernel_size"] = .integer(convolution.width)
      config["conv_act"] = .string(convolution.activation.configName)
    }
    return config
  }

  package var classifierName: String { "DebertaV2ForSequenceClassification" }

  package func metadata() throws(SVFTError) -> [(key: String, value: GGUFValue)] {
    throw SVFTError(
      .unsupported, "GGUF files have no place for DeBERTa (deberta-v2); save a folder instead")
  }
}
