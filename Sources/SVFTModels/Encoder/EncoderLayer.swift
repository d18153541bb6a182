// One block of an encoder, and its norms. Those of texts norm sums, those of images what goes into
// a branch:
//
//   h = norm(h + Wo attention(h))             h = h + Wo attention(norm(h))
//   h = norm(h + Wdown act(Wup h))            h = h + Wdown act(Wup norm(h))
//
// Every module has a bias, queries, keys and values unless a family leaves it out.
import SVFTLayers
import SVFTTensor

/// Scale and shift of one layer norm.
struct EncoderNorm {
  let weight: Slot
  let bias: Slot

  init(_ name: String, _ width: Int, _ weights: inout WeightReader) throws(SVFTError) {
    weight = try weights.take(name + ".weight", [width])
    bias = try weights.take(name + ".bias", [width])
  }

  var slots: [Slot] { [weight, bias] }

  func record(_ x: Value, _ sizes: EncoderSizes, _ graph: Graph) -> Value {
    graph.layerNorm(x, weight: weight, bias: bias, epsilon: Float(sizes.epsilon))
  }
}

/// How a family calls the modules of its blocks, and where their norms stand.
struct EncoderModules {
  let query: String
  let key: String
  let value: String
  var attentionNorm = "attention.output.LayerNorm"
  var outputNorm = "output.LayerNorm"
  /// Whether norms stand before the branches, not behind the sums.
  var normsInputs = false
  /// Whether queries, keys and values have a bias.
  var hasBias = true
}

/// One block of the stack.
struct EncoderLayer {
  let query: Projection
  let key: Projection
  private let value: Projection
  private let output: Projection
  private let attentionNorm: EncoderNorm
  private let up: Projection
  private let down: Projection
  private let outputNorm: EncoderNorm
  private let normsInputs: Bool
  private let sizes: EncoderSizes

  /// Takes the modules of a block, whose names begin with `layer`.
  init(
    _ layer: String, _ modules: EncoderModules, _ sizes: EncoderSizes,
    _ weights: inout WeightReader
  ) throws(SVFTError) {
    self.sizes = sizes
    normsInputs = modules.normsInputs
    func dense(
      _ name: String, _ rows: Int, _ columns: Int, bias: Bool = true, _ weights: inout WeightReader
    ) throws(SVFTError) -> Projection {
      try weights.projection(layer + name, rows: rows, columns: columns, bias: bias)
    }
    let (hidden, wide) = (sizes.hidden, sizes.feedForward)
    query = try dense(modules.query, hidden, hidden, bias: modules.hasBias, &weights)
    key = try dense(modules.key, hidden, hidden, bias: modules.hasBias, &weights)
    value = try dense(modules.value, hidden, hidden, bias: modules.hasBias, &weights)
    output = try dense("attention.output.dense", hidden, hidden, &weights)
    attentionNorm = try EncoderNorm(layer + modules.attentionNorm, hidden, &weights)
    up = try dense("intermediate.dense", wide, hidden, &weights)
    down = try dense("output.dense", hidden, wide, &weights)
    outputNorm = try EncoderNorm(layer + modules.outputNorm, hidden, &weights)
  }

  var projections: [Projection] { [query, key, value, output, up, down] }

  var slots: [Slot] {
    projections.flatMap { [$0.weight, $0.bias] }.compactMap { $0 } + attentionNorm.slots
      + outputNorm.slots
  }

  /// Records block `number`; scores sum `terms` products, of `positions` too where it knows them.
  /// [T, hidden]
  func record(
    _ hidden: Value, _ number: Int, terms: Int = 1, positions: PositionTerms? = nil, _ graph: Graph
  ) throws(SVFTError) -> Value {
    let seen = normsInputs ? attentionNorm.record(hidden, sizes, graph) : hidden
    let attended = try graph.attention(
      graph.project(seen, query), graph.project(seen, key), graph.project(seen, value),
      shape(number, terms: terms), positions: positions, dropout: Float(sizes.attentionDropout))
    let mixed = graph.dropped(try graph.project(attended, output), sizes.dropout)
    let middle = normed(graph.add(hidden, mixed), by: attentionNorm, graph)
    let read = normsInputs ? outputNorm.record(middle, sizes, graph) : middle
    let wide = graph.activation(try graph.project(read, up), sizes.activation)
    let back = graph.dropped(try graph.project(wide, down), sizes.dropout)
    return normed(graph.add(middle, back), by: outputNorm, graph)
  }

  /// A sum, normed where sums are.
  private func normed(_ sum: Value, by norm: EncoderNorm, _ graph: Graph) -> Value {
    normsInputs ? sum : norm.record(sum, sizes, graph)
  }

  /// How attention looks, with scores scaled by 1 / √(width · `terms`).
  private func shape(_ number: Int, terms: Int) -> AttentionShape {
    AttentionShape(
      heads: sizes.heads, keyValueHeads: sizes.heads, headWidth: sizes.headWidth,
      scale: 1 / Float(sizes.headWidth * terms).squareRoot(), causal: false, layer: number,
      trainsInBF16: value.weight.weight.format.toleratesBF16)
  }
}
