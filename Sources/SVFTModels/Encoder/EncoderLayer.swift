// One block of an encoder that norms sums, and the norm itself. What queries meet is the family's
// affair: it records attention from the block's modules, the rest is the same for all.
//
//   h = norm(h + Wo attention(h))
//   h = norm(h + Wdown act(Wup h))            every module has a bias
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
    graph.layerNorm(x, weight: weight, bias: bias, epsilon: sizes.epsilon)
  }
}

/// What the blocks of an encoder have in common.
struct EncoderSizes {
  let hidden: Int
  let feedForward: Int
  let heads: Int
  let epsilon: Float
  let activation: ActivationFunction
  /// Probability for the residual branches.
  let dropout: Double
  /// Probability for the weights of attention.
  let attentionDropout: Double

  var headWidth: Int { hidden / heads }
}

/// One block of the stack.
struct EncoderLayer {
  let query: Projection
  let key: Projection
  let value: Projection
  private let output: Projection
  private let attentionNorm: EncoderNorm
  private let up: Projection
  private let down: Projection
  private let outputNorm: EncoderNorm
  private let sizes: EncoderSizes

  /// Takes the modules of a block, `modules` those of queries, keys and values.
  init(
    _ layer: String, modules: (query: String, key: String, value: String), _ sizes: EncoderSizes,
    _ weights: inout WeightReader
  ) throws(SVFTError) {
    self.sizes = sizes
    func dense(_ name: String, _ rows: Int, _ columns: Int, _ weights: inout WeightReader)
      throws(SVFTError) -> Projection
    {
      try weights.projection(layer + name, rows: rows, columns: columns, bias: true)
    }
    let (hidden, wide) = (sizes.hidden, sizes.feedForward)
    query = try dense(modules.query, hidden, hidden, &weights)
    key = try dense(modules.key, hidden, hidden, &weights)
    value = try dense(modules.value, hidden, hidden, &weights)
    output = try dense("attention.output.dense", hidden, hidden, &weights)
    attentionNorm = try EncoderNorm(layer + "attention.output.LayerNorm", hidden, &weights)
    up = try dense("intermediate.dense", wide, hidden, &weights)
    down = try dense("output.dense", hidden, wide, &weights)
    outputNorm = try EncoderNorm(layer + "output.LayerNorm", hidden, &weights)
  }

  var projections: [Projection] { [query, key, value, output, up, down] }

  var slots: [Slot] {
    projections.flatMap { [$0.weight, $0.bias] }.compactMap { $0 } + attentionNorm.slots
      + outputNorm.slots
  }

  /// Records the block around what its attention gives for `hidden`. [T, hidden]
  func record(_ hidden: Value, attended: Value, _ graph: Graph) throws(SVFTError) -> Value {
    let mixed = graph.dropped(try graph.project(attended, output), sizes.dropout)
    let middle = attentionNorm.record(graph.add(hidden, mixed), sizes, graph)
    let wide = graph.activation(try graph.project(middle, up), sizes.activation)
    let back = graph.dropped(try graph.project(wide, down), sizes.dropout)
    return outputNorm.record(graph.add(middle, back), sizes, graph)
  }

  /// How attention of this block looks, with scores scaled by 1 / √(width · `terms`).
  func shape(_ number: Int, terms: Int = 1) -> AttentionShape {
    AttentionShape(
      heads: sizes.heads, keyValueHeads: sizes.heads, headWidth: sizes.headWidth,
      scale: 1 / Float(sizes.headWidth * terms).squareRoot(), causal: false, layer: number,
      trainsInBF16: value.weight.weight.format.toleratesBF16)
  }
}
