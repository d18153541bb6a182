// DeBERTa v2 and v3 (He et al. 2021, arXiv:2006.03654; 2111.09543): an encoder of BERT's kind whose
// attention sees what tokens hold and how far they lie apart as two things.
//
//   h = norm(P (token [+ position] [+ segment]))        P where the tables are narrower
//   R = the table of relative positions, normed or not; Kr = Wk R, Qr = Wq R per block, or modules
//       of their own
//   h = block(h), with attention over h, Kr and Qr (Ops/Attention+Disentangled.swift)
//   h = norm(h + act(conv(h₀)))                         beside the first block, where there is one
import SVFTFormats
package import SVFTLayers
package import SVFTTensor

/// A model of that family.
package final class DisentangledEncoder: Architecture, @unchecked Sendable {
  package static let names = ["deberta-v2"]
  package static let tensorNames = TensorNames(
    prefix: "deberta.", constants: ["position_ids", "embeddings.position_embeddings.weight"],
    older: ["LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"],
    [
      ("deberta.embeddings.word_embeddings", "token_embd"),
      ("deberta.embeddings.position_embeddings", "position_embd"),
      ("deberta.embeddings.token_type_embeddings", "token_types"),
      ("deberta.embeddings.embed_proj", "token_embd_proj"),
      ("deberta.embeddings.LayerNorm", "token_embd_norm"),
      ("deberta.encoder.rel_embeddings", "relative_embd"),
      ("deberta.encoder.LayerNorm", "relative_embd_norm"),
      ("deberta.encoder.conv.conv", "conv"), ("deberta.encoder.conv.LayerNorm", "conv_norm"),
      ("deberta.encoder.layer.*.attention.self.query_proj", "blk.*.attn_q"),
      ("deberta.encoder.layer.*.attention.self.key_proj", "blk.*.attn_k"),
      ("deberta.encoder.layer.*.attention.self.value_proj", "blk.*.attn_v"),
      ("deberta.encoder.layer.*.attention.self.pos_query_proj", "blk.*.attn_rel_q"),
      ("deberta.encoder.layer.*.attention.self.pos_key_proj", "blk.*.attn_rel_k"),
      ("deberta.encoder.layer.*.attention.output.dense", "blk.*.attn_output"),
      ("deberta.encoder.layer.*.attention.output.LayerNorm", "blk.*.attn_output_norm"),
      ("deberta.encoder.layer.*.intermediate.dense", "blk.*.ffn_up"),
      ("deberta.encoder.layer.*.output.dense", "blk.*.ffn_down"),
      ("deberta.encoder.layer.*.output.LayerNorm", "blk.*.layer_output_norm"),
      ("pooler.dense", "cls"), ("classifier", "cls.output"),
    ])

  /// A block with the modules that its positions go through, where they are its own.
  private struct Layer {
    let block: EncoderLayer
    let positionKey: Projection?
    let positionQuery: Projection?

    var modules: [Projection] { [positionKey, positionQuery].compactMap { $0 } }
  }

  /// The convolution over neighbours, [hidden, hidden · width], and the norm behind it.
  private struct Convolution {
    let weight: Slot
    let bias: Slot
    let norm: EncoderNorm
    let settings: DisentangledSettings.Convolution
  }

  package let settings: DisentangledSettings
  package let geometry: Geometry
  private let tokens: Slot
  private let positions: Slot?
  private let segments: Slot?
  private let projection: Projection?
  private let embeddingNorm: EncoderNorm
  private let relative: Slot?
  private let relativeNorm: EncoderNorm?
  private let convolution: Convolution?
  private let layers: [Layer]
  private let headDense: Projection?
  /// Whether the checkpoint has a class for each token.
  private let tagsTokens: Bool

  package init(_ hyper: Hyperparameters, _ weights: inout WeightReader) throws(SVFTError) {
    guard !hyper.isGGUF else {
      throw SVFTError(.unsupported, "\(hyper.file): DeBERTa is read from folders alone")
    }
    let s = try DisentangledSettings(hyper)
    let names = "deberta.embeddings."
    func table(_ name: String, _ rows: Int, _ weights: inout WeightReader) throws(SVFTError)
      -> Slot?
    {
      guard rows > 0 else { return nil }
      return try weights.take("\(names)\(name)_embeddings.weight", [rows, s.embedding])
    }
    tokens = try weights.take(names + "word_embeddings.weight", [s.vocabulary, s.embedding])
    positions = try table("position", s.addsPositions ? s.context : 0, &weights)
    segments = try table("token_type", s.segments, &weights)
    projection =
      s.embedding == s.hidden
      ? nil
      : try weights.projection(
        names + "embed_proj", rows: s.hidden, columns: s.embedding, bias: false)
    embeddingNorm = try EncoderNorm(names + "LayerNorm", s.hidden, &weights)
    relative = try s.positions.map { (positions) throws(SVFTError) in
      try weights.take("deberta.encoder.rel_embeddings.weight", [2 * positions.span, s.hidden])
    }
    relativeNorm =
      s.hasNormOfPositions ? try EncoderNorm("deberta.encoder.LayerNorm", s.hidden, &weights) : nil
    convolution = try Self.convolution(s, &weights)
    var layers: [Layer] = []
    for number in 0..<s.sizes.layers { layers.append(try Self.layer(number, s, &weights)) }
    self.layers = layers
    let hasDense = weights.has("pooler.dense.weight")
    headDense =
      hasDense
      ? try weights.projection("pooler.dense", rows: s.hidden, columns: s.hidden, bias: true) : nil
    tagsTokens = try hyper.namesTokenClasses()
    settings = s
    geometry = s.geometry
  }

  private static func layer(
    _ number: Int, _ s: DisentangledSettings, _ weights: inout WeightReader
  ) throws(SVFTError) -> Layer {
    let layer = "deberta.encoder.layer.\(number)."
    let own = "attention.self."
    let block = try EncoderLayer(
      layer,
      EncoderModules(
        query: own + "query_proj", key: own + "key_proj", value: own + "value_proj"), s.sizes,
      &weights)
    func module(_ name: String, _ isThere: Bool, _ weights: inout WeightReader) throws(SVFTError)
      -> Projection?
    {
      guard isThere, s.positions != nil, !s.sharesModules else { return nil }
      return try weights.projection(
        layer + own + name, rows: s.hidden, columns: s.hidden, bias: true)
    }
    return try Layer(
      block: block, positionKey: module("pos_key_proj", s.terms.keys, &weights),
      positionQuery: module("pos_query_proj", s.terms.queries, &weights))
  }

  private static func convolution(
    _ s: DisentangledSettings, _ weights: inout WeightReader
  ) throws(SVFTError) -> Convolution? {
    guard let settings = s.convolution else { return nil }
    let name = "deberta.encoder.conv."
    return try Convolution(
      weight: weights.take(name + "conv.weight", [s.hidden, s.hidden, settings.width]),
      bias: weights.take(name + "conv.bias", [s.hidden]),
      norm: EncoderNorm(name + "LayerNorm", s.hidden, &weights), settings: settings)
  }

  package var languageModelHead: LanguageModelHead? { nil }

  package func classHead(_ weights: inout WeightReader, fresh: ClassHead.Fresh?) throws(SVFTError)
    -> ClassHead?
  {
    let hidden = settings.hidden
    if tagsTokens || fresh?.perToken == true {
      return try ClassHead.perToken(
        "classifier", columns: hidden, dropout: settings.sizes.dropout, &weights,
        isStored: tagsTokens,
        fresh: fresh)
    }
    let stored = try ClassHead.stored("classifier", columns: hidden, bias: true, &weights)
    guard stored == nil || headDense != nil else {
      throw SVFTError(
        .format, "\(weights.source.path): pooler.dense.weight of the classifier is missing")
    }
    var (classifier, dense) = (stored, headDense)
    if let fresh, stored == nil {
      classifier = try fresh.projection(
        "classifier", rows: fresh.outputs, columns: hidden, bias: true)
      let made = try fresh.projection("pooler.dense", rows: hidden, columns: hidden, bias: true)
      dense = headDense ?? made
    }
    guard let classifier, let dense else { return nil }
    let head = settings.head
    return ClassHead(
      selection: .first, pooler: dense, activation: head.activation, classifier: classifier,
      dropout: head.dropout, inputDropout: head.inputDropout, isFresh: stored == nil)
  }

  package var projections: [Projection] {
    [projection].compactMap { $0 } + layers.flatMap { $0.block.projections + $0.modules }
  }

  package var slots: [Slot] {
    let tables = [tokens, positions, segments, projection?.weight, relative].compactMap { $0 }
    let norms = embeddingNorm.slots + (relativeNorm?.slots ?? [])
    let beside = convolution.map { [$0.weight, $0.bias] + $0.norm.slots } ?? []
    return tables + norms + beside
      + layers.flatMap { layer in
        layer.block.slots
          + layer.modules.flatMap { [$0.weight, $0.bias] }.compactMap { $0 }
      }
  }

  package var carried: [Slot] {
    [headDense?.weight, headDense?.bias].compactMap { $0 }
  }
}

extension DisentangledEncoder {
  package func record(_ graph: Graph) throws(SVFTError) -> Value {
    let embedded = try embed(graph)
    let rows = try relativeRows(graph)
    var hidden = embedded
    for (number, layer) in layers.enumerated() {
      graph.beginSegment()
      hidden = try layer.block.record(
        hidden, number, terms: settings.scoreTerms, positions: terms(rows, layer, graph), graph)
      graph.endLayer(hidden)
      if number == 0, let convolution {
        hidden = try record(convolution, embedded, beside: hidden, graph)
      }
    }
    return hidden
  }

  private func embed(_ graph: Graph) throws(SVFTError) -> Value {
    var hidden = graph.embed(table: tokens, by: .tokens)  // [T, embedding]
    if let positions { hidden = graph.add(hidden, graph.embed(table: positions, by: .positions)) }
    if let segments { hidden = graph.add(hidden, graph.embed(table: segments, by: .segments)) }
    if let projection { hidden = try graph.project(hidden, projection) }
    hidden = embeddingNorm.record(hidden, settings.sizes, graph)
    return graph.dropped(hidden, settings.sizes.dropout)
  }

  /// The rows of relative positions that a step reaches, [rows reached, hidden].
  private func relativeRows(_ graph: Graph) throws(SVFTError) -> Value? {
    guard let positions = settings.positions, let relative else { return nil }
    return try graph.over(.relative(positions)) { () throws(SVFTError) in
      let rows = graph.relativeRows(of: relative, positions)
      return relativeNorm?.record(rows, settings.sizes, graph) ?? rows
    }
  }

  /// Keys and queries of positions, as a block sees them.
  private func terms(
    _ rows: Value?, _ layer: Layer, _ graph: Graph
  ) throws(SVFTError) -> PositionTerms? {
    guard let rows, let positions = settings.positions, settings.scoreTerms > 1 else { return nil }
    let (block, shares) = (layer.block, settings.sharesModules)
    let key = shares && settings.terms.keys ? block.key : layer.positionKey
    let query = shares && settings.terms.queries ? block.query : layer.positionQuery
    return try graph.over(.relative(positions)) { () throws(SVFTError) in
      let rows = graph.dropped(rows, settings.sizes.dropout)
      return PositionTerms(
        positions, keys: try key.map { (key) throws(SVFTError) in try graph.project(rows, key) },
        queries: try query.map { (query) throws(SVFTError) in try graph.project(rows, query) })
    }
  }

  /// norm(h + act(conv(h₀))). [T, hidden]
  private func record(
    _ convolution: Convolution, _ embedded: Value, beside hidden: Value, _ graph: Graph
  ) throws(SVFTError) -> Value {
    let around = graph.neighbours(embedded, width: convolution.settings.width)
    let mixed = try graph.linear(around, convolution.weight, bias: convolution.bias)
    let active = graph.activation(
      graph.dropped(mixed, settings.sizes.dropout), convolution.settings.activation)
    return convolution.norm.record(graph.add(hidden, active), settings.sizes, graph)
  }
}
