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

  package let settings: VisionSettings
  package let geometry: Geometry
  /// Vectors of the rows before the patches, [1, 1, hidden] each.
  private let specials: [Slot]
  private let positions: Slot
  /// E and e.
  private let patches: (kernel: Slot, bias: Slot)
  private let layers: [EncoderLayer]
  private let finalNorm: EncoderNorm
  package let carried: [Slot]
  /// Whether the checkpoint's head has a classifier for each of the first two rows.
  let hasPairedHead: Bool

  package init(_ hyper: Hyperparameters, _ weights: inout WeightReader) throws(SVFTError) {
    let settings = try VisionSettings(hyper, specials: Family.specials.count)
    let (hidden, grid) = (settings.sizes.hidden, settings.grid)
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
    var layers: [EncoderLayer] = []
    for number in 0..<settings.sizes.layers {
      let layer = "\(Family.prefix)encoder.layer.\(number)."
      layers.append(
        try EncoderLayer(layer, Self.modules(settings), settings.sizes, &weights))
    }
    self.layers = layers
    finalNorm = try EncoderNorm(Family.prefix + "layernorm", hidden, &weights)
    carried = try Self.carried(&weights)
    hasPairedHead = Family.pairedHead.map { weights.has($0.first + ".weight") } ?? false
    self.settings = settings
    geometry = settings.geometry
  }

  private static func modules(_ settings: VisionSettings) -> EncoderModules {
    let own = "attention.attention."
    return EncoderModules(
      query: own + "query", key: own + "key", value: own + "value",
      attentionNorm: "layernorm_before", outputNorm: "layernorm_after", normsInputs: true,
      hasBias: settings.hasBias)
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
    let hidden = settings.sizes.hidden
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
    specials + [positions, patches.kernel, patches.bias] + layers.flatMap(\.slots)
      + finalNorm.slots
  }

  package func record(_ graph: Graph) throws(SVFTError) -> Value {
    var hidden = try graph.linear(graph.patches(of: settings.grid), patches.kernel, bias: nil)
    for (kind, vector) in (specials + [patches.bias]).enumerated() {
      hidden = graph.add(hidden, graph.embed(table: vector, by: .tokens, offset: -kind))
    }
    hidden = graph.add(hidden, graph.embed(table: positions, by: .positions))
    hidden = graph.dropped(hidden, settings.sizes.dropout)  // [T, hidden]
    for (number, layer) in layers.enumerated() {
      graph.beginSegment()
      hidden = try layer.record(hidden, number, graph)
      graph.endLayer(hidden)
    }
    return finalNorm.record(hidden, settings.sizes, graph)
  }
}
