// An encoder of images of ViT's kind (Dosovitskiy et al. 2020, arXiv:2010.11929): pre-norm over
// learned rows and one row for each patch.
//
//   h = [learned rows; E patch + e] + positions
//   h = h + Wo attention(Wq n, Wk n, Wv n)       n = norm(h)
//   h = h + Wdown act(Wup norm(h))               every module has a bias; Wq, Wk and Wv where
//   norm(h)                                      `qkv_bias` says so
//
// E is a convolution's kernel [hidden, channels, height, width], whose step is its size: a matrix
// of `channels · height · width` columns (PatchGrid). A batch's tokens say what a row is: 0 … for
// the learned rows, their number for patches, so that each table of one row is looked up where it
// belongs and reads as zeros elsewhere. Dropout follows the embeddings and both branches.
import SVFTFormats
package import SVFTLayers
package import SVFTTensor

/// A model of a family of vision transformers.
package final class VisionTransformer<Family: VisionFamily>: Architecture, @unchecked Sendable {
  package static var names: [String] { Family.names }
  package static var tensorNames: TensorNames { Family.tensorNames }

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
    let attentionNorm: Norm
    let query: Projection
    let key: Projection
    let value: Projection
    let output: Projection
    let outputNorm: Norm
    let up: Projection
    let down: Projection

    var projections: [Projection] { [query, key, value, output, up, down] }
  }

  package let settings: VisionSettings
  package let geometry: Geometry
  /// Vectors of the rows before the patches, [1, 1, hidden] each.
  private let specials: [Slot]
  private let positions: Slot
  /// E and e.
  private let patches: (kernel: Slot, bias: Slot)
  private let layers: [Layer]
  private let finalNorm: Norm
  package let carried: [Slot]
  /// Whether the checkpoint's head has a classifier for each of the first two rows.
  let hasPairedHead: Bool

  package init(_ hyper: Hyperparameters, _ weights: inout WeightReader) throws(SVFTError) {
    let settings = try VisionSettings(hyper, specials: Family.specials.count)
    let (hidden, grid) = (settings.hidden, settings.grid)
    let names = Family.prefix + "embeddings."
    var specials: [Slot] = []
    for special in Family.specials {
      specials.append(try weights.take(names + special, [1, 1, hidden]))
    }
    self.specials = specials
    positions = try weights.take(
      names + "position_embeddings", [1, grid.rows, hidden], columns: hidden)
    let kernel = [hidden, grid.channels, grid.patchHeight, grid.patchWidth]
    let module = names + "patch_embeddings.projection"
    patches = try (
      weights.take(module + ".weight", kernel, columns: grid.patchNumbers),
      weights.take(module + ".bias", [hidden])
    )
    var layers: [Layer] = []
    for number in 0..<settings.layers {
      let layer = "\(Family.prefix)encoder.layer.\(number)."
      layers.append(try Self.layer(layer, settings, &weights))
    }
    self.layers = layers
    finalNorm = try Norm(Family.prefix + "layernorm", hidden, &weights)
    carried = try Self.carried(&weights)
    hasPairedHead = Family.pairedHead.map { weights.has($0.first + ".weight") } ?? false
    self.settings = settings
    geometry = settings.geometry
  }

  private static func layer(_ layer: String, _ s: VisionSettings, _ weights: inout WeightReader)
    throws(SVFTError) -> Layer
  {
    func dense(
      _ name: String, _ rows: Int, _ columns: Int, bias: Bool = true, _ weights: inout WeightReader
    ) throws(SVFTError) -> Projection {
      try weights.projection(layer + name, rows: rows, columns: columns, bias: bias)
    }
    func part(_ name: String, _ weights: inout WeightReader) throws(SVFTError) -> Projection {
      try dense("attention.attention." + name, s.hidden, s.hidden, bias: s.hasBias, &weights)
    }
    return try Layer(
      attentionNorm: Norm(layer + "layernorm_before", s.hidden, &weights),
      query: part("query", &weights), key: part("key", &weights), value: part("value", &weights),
      output: dense("attention.output.dense", s.hidden, s.hidden, &weights),
      outputNorm: Norm(layer + "layernorm_after", s.hidden, &weights),
      up: dense("intermediate.dense", s.feedForward, s.hidden, &weights),
      down: dense("output.dense", s.hidden, s.feedForward, &weights))
  }

  /// The pooler, which no head of ours reads, and the vector of masked patches.
  private static func carried(_ weights: inout WeightReader) throws(SVFTError) -> [Slot] {
    var slots: [Slot] = []
    for name in ["pooler.dense.weight", "pooler.dense.bias", "embeddings.mask_token"] {
      guard let entry = weights.entry(Family.prefix + name) else { continue }
      slots.append(try weights.take(Family.prefix + name, entry.shape))
    }
    return slots
  }

  package var languageModelHead: LanguageModelHead? { nil }

  package func classHead(_ weights: inout WeightReader, fresh: ClassHead.Fresh?) throws(SVFTError)
    -> ClassHead?
  {
    let hidden = settings.hidden
    if hasPairedHead, let pair = Family.pairedHead,
      let first = try ClassHead.stored(pair.first, columns: hidden, bias: true, &weights)
    {
      let second = try weights.projection(
        pair.second, rows: first.rows, columns: hidden, bias: true)
      return ClassHead(selection: .first, classifier: first, second: second, isFresh: false)
    }
    let module = Family.headModule
    if let stored = try ClassHead.stored(module, columns: hidden, bias: true, &weights) {
      return ClassHead(selection: .first, classifier: stored, isFresh: false)
    }
    guard let fresh else { return nil }
    let made = try fresh.projection(module, rows: fresh.outputs, columns: hidden, bias: true)
    return ClassHead(selection: .first, classifier: made, isFresh: true)
  }

  package var projections: [Projection] { layers.flatMap(\.projections) }

  package var slots: [Slot] {
    let blocks = layers.flatMap { layer in
      layer.attentionNorm.slots
        + layer.projections.flatMap { [$0.weight, $0.bias] }.compactMap { $0 }
        + layer.outputNorm.slots
    }
    return specials + [positions, patches.kernel, patches.bias] + blocks + finalNorm.slots
  }

  package func record(_ graph: Graph) throws(SVFTError) -> Value {
    var hidden = try graph.linear(graph.patches(of: settings.grid), patches.kernel, bias: nil)
    for (kind, vector) in (specials + [patches.bias]).enumerated() {
      hidden = graph.add(hidden, graph.embed(table: vector, by: .tokens, offset: -kind))
    }
    hidden = graph.add(hidden, graph.embed(table: positions, by: .positions))
    hidden = graph.dropped(hidden, settings.dropout)  // [T, hidden]
    for (number, layer) in layers.enumerated() {
      graph.beginSegment()
      let attended = try attention(norm(hidden, layer.attentionNorm, graph), layer, number, graph)
      hidden = graph.add(hidden, graph.dropped(attended, settings.dropout))
      let up = try graph.project(norm(hidden, layer.outputNorm, graph), layer.up)
      let down = try graph.project(graph.activation(up, settings.activation), layer.down)
      hidden = graph.add(hidden, graph.dropped(down, settings.dropout))
      graph.endLayer(hidden)
    }
    return norm(hidden, finalNorm, graph)
  }

  private func attention(_ normed: Value, _ layer: Layer, _ number: Int, _ graph: Graph)
    throws(SVFTError) -> Value
  {
    let width = settings.hidden / settings.heads
    let shape = AttentionShape(
      heads: settings.heads, keyValueHeads: settings.heads, headWidth: width,
      scale: 1 / Float(width).squareRoot(), causal: false, layer: number,
      trainsInBF16: layer.value.weight.weight.format.toleratesBF16)
    let attended = try graph.attention(
      graph.project(normed, layer.query), graph.project(normed, layer.key),
      graph.project(normed, layer.value), shape, dropout: Float(settings.attentionDropout))
    return try graph.project(attended, layer.output)
  }

  private func norm(_ x: Value, _ norm: Norm, _ graph: Graph) -> Value {
    graph.layerNorm(
      x, weight: norm.weight, bias: norm.bias, epsilon: Float(settings.epsilon))
  }
}
