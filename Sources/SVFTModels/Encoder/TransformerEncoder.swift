// An encoder of BERT's kind: post-norm over the sum of token, position and segment embeddings.
//
//   h = norm(token + position + segment)
//   h = norm(h + Wo attention(Wq h, Wk h, Wv h))      every module has a bias
//   h = norm(h + Wdown act(Wup h))
//
// Dropout follows the embeddings and both residual branches (`hidden_dropout_prob`) and falls on
// attention probabilities (`attention_probs_dropout_prob`).
import SVFTFormats
package import SVFTLayers
package import SVFTTensor

/// A model of a family of encoders.
package final class TransformerEncoder<Family: EncoderFamily>: Architecture, @unchecked Sendable {
  package static var names: [String] { Family.names }
  package static var tensorNames: TensorNames { Family.tensorNames }
  package static func recognises(_ hyper: Hyperparameters) throws(SVFTError) -> Bool {
    try Family.recognises(hyper)
  }
  package var ggufAddends: [String] {
    ["position", "token_type"].map { "\(Family.prefix)embeddings.\($0)_embeddings.weight" }
  }

  package let settings: EncoderSettings
  package let geometry: Geometry
  private let tables: (tokens: Slot, positions: Slot, segments: Slot)
  private let embeddingNorm: EncoderNorm
  private let layers: [EncoderLayer]
  /// The dense layer of the class head, and the one the body was trained with, where the checkpoint
  /// has them; BERT's are one.
  private let headDense: Projection?
  private let pooler: Projection?
  /// Whether the checkpoint has a class for each token.
  private let tagsTokens: Bool

  package init(_ hyper: Hyperparameters, _ weights: inout WeightReader) throws(SVFTError) {
    let names = Family.prefix + "embeddings."
    func rows(_ table: String) -> Int? { weights.entry(names + table)?.shape.first }
    let settings = try EncoderSettings(
      hyper, offset: Family.positionOffset(hyper), storedTokens: rows("word_embeddings.weight"),
      storedSegments: rows("token_type_embeddings.weight"))
    let hidden = settings.sizes.hidden
    tables = try (
      weights.take(names + "word_embeddings.weight", [settings.vocabulary, hidden]),
      weights.take(
        names + "position_embeddings.weight", [settings.positions, hidden],
        skippedRows: settings.positionOffset),
      weights.take(names + "token_type_embeddings.weight", [settings.segments, hidden])
    )
    embeddingNorm = try EncoderNorm(names + "LayerNorm", hidden, &weights)
    let modules = EncoderModules(
      query: "attention.self.query", key: "attention.self.key", value: "attention.self.value")
    var layers: [EncoderLayer] = []
    for number in 0..<settings.sizes.layers {
      let layer = "\(Family.prefix)encoder.layer.\(number)."
      layers.append(try EncoderLayer(layer, modules, settings.sizes, &weights))
    }
    self.layers = layers
    func dense(_ module: String, _ weights: inout WeightReader) throws(SVFTError) -> Projection? {
      guard weights.has(module + ".weight") else { return nil }
      return try weights.projection(module, rows: hidden, columns: hidden, bias: true)
    }
    let module = Family.prefix + "pooler.dense"
    headDense = try dense(Family.headModules.dense, &weights)
    pooler = module == Family.headModules.dense ? headDense : try dense(module, &weights)
    tagsTokens = try hyper.namesTokenClasses()
    self.settings = settings
    geometry = settings.geometry
  }

  package var languageModelHead: LanguageModelHead? { nil }

  package func classHead(_ weights: inout WeightReader, fresh: ClassHead.Fresh?) throws(SVFTError)
    -> ClassHead?
  {
    let (hidden, modules) = (settings.sizes.hidden, Family.headModules)
    if tagsTokens || fresh?.perToken == true {
      return try ClassHead.perToken(
        "classifier", columns: hidden, dropout: settings.headDropout, &weights,
        isStored: tagsTokens, fresh: fresh)
    }
    let stored = try ClassHead.stored(modules.classifier, columns: hidden, bias: true, &weights)
    func head(_ dense: Projection, _ classifier: Projection, isFresh: Bool) -> ClassHead {
      ClassHead(
        selection: .first, pooler: dense, classifier: classifier, dropout: settings.headDropout,
        inputDropout: Family.dropsBeforeHead ? settings.headDropout : 0, isFresh: isFresh)
    }
    if let stored {
      guard let headDense else {
        throw SVFTError(
          .format, "\(weights.source.path): \(modules.dense).weight of the classifier is missing")
      }
      return head(headDense, stored, isFresh: false)
    }
    guard let fresh else { return nil }
    let made = try fresh.projection(modules.dense, rows: hidden, columns: hidden, bias: true)
    let classifier = try fresh.projection(
      modules.classifier, rows: fresh.outputs, columns: hidden, bias: true)
    return head(headDense ?? made, classifier, isFresh: true)
  }

  package var projections: [Projection] { layers.flatMap(\.projections) }

  package var slots: [Slot] {
    [tables.tokens, tables.positions, tables.segments] + embeddingNorm.slots
      + layers.flatMap(\.slots)
  }

  package var paddingToken: Int32? {
    settings.positionOffset > 0 ? Int32(truncatingIfNeeded: settings.positionOffset - 1) : nil
  }

  package func ggufLayout(_ name: String) -> FileLayout {
    FileLayout(skippedRows: name == tables.positions.name ? settings.positionOffset : 0)
  }

  package var carried: [Slot] {
    [pooler?.weight, pooler?.bias].compactMap { $0 }
  }

  package func record(_ graph: Graph) throws(SVFTError) -> Value {
    var hidden = graph.embed(table: tables.tokens, by: .tokens)  // [T, hidden]
    hidden = graph.add(
      hidden,
      graph.embed(table: tables.positions, by: .positions, offset: settings.positionOffset))
    hidden = graph.add(hidden, graph.embed(table: tables.segments, by: .segments))
    hidden = embeddingNorm.record(hidden, settings.sizes, graph)
    hidden = graph.dropped(hidden, settings.sizes.dropout)
    for (number, layer) in layers.enumerated() {
      graph.beginSegment()
      hidden = try layer.record(hidden, number, graph)
      graph.endLayer(hidden)
    }
    return hidden
  }
}
