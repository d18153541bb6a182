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
  package var ggufAddends: [String] {
    ["position", "token_type"].map { "\(Family.prefix)embeddings.\($0)_embeddings.weight" }
  }

  /// Scale and shift of one layer norm.
  private struct Norm {
    let weight: Slot
    let bias: Slot

    init(_ name: String, _ width: Int, _ weights: inout WeightReader) throws(SVFTError) {
      weight = try weights.take(name + ".weight", [width])
      bias = try weights.take(name + ".bias", [width])
    }

    var slots: [Slot] { [weight, bias] }
  }

  /// One block of the stack.
  private struct Layer {
    let query: Projection
    let key: Projection
    let value: Projection
    let output: Projection
    let attentionNorm: Norm
    let up: Projection
    let down: Projection
    let outputNorm: Norm

    var projections: [Projection] { [query, key, value, output, up, down] }
  }

  package let settings: EncoderSettings
  package let geometry: Geometry
  private let tables: (tokens: Slot, positions: Slot, segments: Slot)
  private let embeddingNorm: Norm
  private let layers: [Layer]
  /// The dense layer of the class head, and the one the body was trained with, where the checkpoint
  /// has them; BERT's are one.
  private let headDense: Projection?
  private let pooler: Projection?

  package init(_ hyper: Hyperparameters, _ weights: inout WeightReader) throws(SVFTError) {
    let names = Family.prefix + "embeddings."
    func rows(_ table: String) -> Int? { weights.entry(names + table)?.shape.first }
    let settings = try EncoderSettings(
      hyper, offset: Family.positionOffset(hyper), storedTokens: rows("word_embeddings.weight"),
      storedSegments: rows("token_type_embeddings.weight"))
    let hidden = settings.hidden
    tables = try (
      weights.take(names + "word_embeddings.weight", [settings.vocabulary, hidden]),
      weights.take(names + "position_embeddings.weight", [settings.positions, hidden]),
      weights.take(names + "token_type_embeddings.weight", [settings.segments, hidden])
    )
    embeddingNorm = try Norm(names + "LayerNorm", hidden, &weights)
    var layers: [Layer] = []
    for number in 0..<settings.layers {
      let layer = "\(Family.prefix)encoder.layer.\(number)."
      layers.append(try Self.layer(layer, settings, &weights))
    }
    self.layers = layers
    func dense(_ module: String, _ weights: inout WeightReader) throws(SVFTError) -> Projection? {
      guard weights.has(module + ".weight") else { return nil }
      return try weights.projection(module, rows: hidden, columns: hidden, bias: true)
    }
    let module = Family.prefix + "pooler.dense"
    headDense = try dense(Family.headModules.dense, &weights)
    pooler = module == Family.headModules.dense ? headDense : try dense(module, &weights)
    self.settings = settings
    geometry = settings.geometry
  }

  private static func layer(_ layer: String, _ s: EncoderSettings, _ weights: inout WeightReader)
    throws(SVFTError) -> Layer
  {
    func dense(_ name: String, _ rows: Int, _ columns: Int, _ weights: inout WeightReader)
      throws(SVFTError) -> Projection
    {
      try weights.projection(layer + name, rows: rows, columns: columns, bias: true)
    }
    return try Layer(
      query: dense("attention.self.query", s.hidden, s.hidden, &weights),
      key: dense("attention.self.key", s.hidden, s.hidden, &weights),
      value: dense("attention.self.value", s.hidden, s.hidden, &weights),
      output: dense("attention.output.dense", s.hidden, s.hidden, &weights),
      attentionNorm: Norm(layer + "attention.output.LayerNorm", s.hidden, &weights),
      up: dense("intermediate.dense", s.feedForward, s.hidden, &weights),
      down: dense("output.dense", s.hidden, s.feedForward, &weights),
      outputNorm: Norm(layer + "output.LayerNorm", s.hidden, &weights))
  }

  package var languageModelHead: LanguageModelHead? { nil }

  package func classHead(_ weights: inout WeightReader, fresh: ClassHead.Fresh?) throws(SVFTError)
    -> ClassHead?
  {
    let (hidden, modules) = (settings.hidden, Family.headModules)
    let stored = try ClassHead.stored(modules.classifier, columns: hidden, bias: true, &weights)
    func head(_ dense: Projection, _ classifier: Projection, isFresh: Bool) -> ClassHead {
      ClassHead(
        selection: .first, pooler: dense, classifier: classifier, dropout: settings.headDropout,
        dropsInput: Family.dropsBeforeHead, isFresh: isFresh)
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
    let blocks = layers.flatMap { layer in
      layer.projections.flatMap { [$0.weight, $0.bias] }.compactMap { $0 }
        + layer.attentionNorm.slots + layer.outputNorm.slots
    }
    return [tables.tokens, tables.positions, tables.segments] + embeddingNorm.slots + blocks
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
    hidden = graph.dropped(norm(hidden, embeddingNorm, graph), settings.dropout)
    for (number, layer) in layers.enumerated() {
      graph.beginSegment()
      let attended = try attention(hidden, layer, number, graph)
      hidden = norm(
        graph.add(hidden, graph.dropped(attended, settings.dropout)), layer.attentionNorm, graph)
      let up = graph.activation(try graph.project(hidden, layer.up), settings.activation)
      let down = try graph.project(up, layer.down)
      hidden = norm(
        graph.add(hidden, graph.dropped(down, settings.dropout)), layer.outputNorm, graph)
      graph.endLayer(hidden)
    }
    return hidden
  }

  private func attention(_ hidden: Value, _ layer: Layer, _ number: Int, _ graph: Graph)
    throws(SVFTError) -> Value
  {
    let width = settings.hidden / settings.heads
    let shape = AttentionShape(
      heads: settings.heads, keyValueHeads: settings.heads, headWidth: width,
      scale: 1 / Float(width).squareRoot(), causal: false, layer: number,
      trainsInBF16: layer.value.weight.weight.format.toleratesBF16)
    let attended = try graph.attention(
      graph.project(hidden, layer.query), graph.project(hidden, layer.key),
      graph.project(hidden, layer.value), shape, dropout: Float(settings.attentionDropout))
    return try graph.project(attended, layer.output)
  }

  private func norm(_ x: Value, _ norm: Norm, _ graph: Graph) -> Value {
    graph.layerNorm(
      x, weight: norm.weight, bias: norm.bias, epsilon: Float(settings.epsilon))
  }
}
