// Scaled dot-product attention over packed sequences, with grouped heads, by blocks.
//
//   P = softmax(scale · Q Kᵀ)   O = P V                               per span and head
//   D = Σ dO∘O   dS = P∘(dO Vᵀ − D) · scale   dQ = dS K   dK = dSᵀ Q   dV = Pᵀ dO
//
// What a query sees may end at itself and begin a window before, or be another text
// (Attention+Sight.swift); scores may be shifted by distance (Attention+Bias.swift), know of
// relative positions (Attention+Disentangled.swift) and be capped (Attention+Cap.swift).
//
// Blocks of queries meet blocks of keys, so nothing of size T × T exists (Attention+Blocks.swift).
// With a cache the step's keys and values are written there first and every query sees the past;
// the few queries of a decoding step have a way of their own (Attention+Cache.swift). A training
// step has no cache; it keeps q, k, v, O and one log Σ exp per row and head for the backward pass
// (Attention+Backward.swift). Dropout of P is in Attention+Dropout.swift.
import SVFTTensor

/// What one attention layer looks like.
package struct AttentionShape: Sendable, Hashable {
  package let heads: Int
  /// Heads of keys and values; divides `heads`.
  package let keyValueHeads: Int
  package let headWidth: Int
  /// What scores are multiplied by, usually 1 / √headWidth.
  package let scale: Float
  /// Whether a token sees only itself and earlier ones.
  package let causal: Bool
  /// The layer of the cache that belongs to this attention.
  package let layer: Int
  /// How many tokens a query sees, itself counted; nil where all before it (Beltagy et al. 2020).
  package var window: Int?
  /// Whether keys and values are those of the text that a sequence is about: the batch's source.
  package var readsSource = false
  /// c where scores are c · tanh(score / c); nil where they are not capped.
  package var scoreCap: Float?
  /// Whether training may round the factors of its products to BF16: where q, k and v come from
  /// weights that are no finer.
  package let trainsInBF16: Bool

  package init(
    heads: Int, keyValueHeads: Int, headWidth: Int, scale: Float, causal: Bool, layer: Int,
    window: Int? = nil, scoreCap: Float? = nil, trainsInBF16: Bool = false
  ) {
    self.window = window
    self.scoreCap = scoreCap
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headWidth = headWidth
    self.scale = scale
    self.causal = causal
    self.layer = layer
    self.trainsInBF16 = trainsInBF16
  }

  /// Heads that share one head of keys and values.
  var group: Int { max(1, heads / max(1, keyValueHeads)) }
  var queryWidth: Int { heads * headWidth }
  var keyWidth: Int { keyValueHeads * headWidth }
}

/// O = softmax(scale · Q Kᵀ) V of each span and head.
final class Attention: Op {
  /// Queries of one block.
  static let queryBlock = 64
  /// Keys of one block: 64 × 256 scores are 64 KiB and stay, with the keys, in the second cache.
  static let keyBlock = 256
  /// Queries, and keys, of one block on the way back, where both are summed over.
  static let gradientBlock = 128
  /// Up to so many queries are multiplied row by row: packing keys for a product would cost as much
  /// as the product.
  static let fewQueries = 3

  let shape: AttentionShape
  let query: Value
  let key: Value
  let value: Value
  let output: Value
  /// log Σ exp of the scores, [T, heads].
  let total: Value
  /// Probability that one of P falls in training.
  let dropout: Float
  /// What distances add to scores.
  let bias: RelativeBias?
  let training: Bool
  let relation: PositionTerms?

  init(
    _ inputs: (query: Value, key: Value, value: Value), _ results: (output: Value, total: Value),
    _ shape: AttentionShape, bias: RelativeBias?, relation: PositionTerms?, dropout: Float,
    training: Bool
  ) {
    (self.bias, self.relation) = (bias, relation)
    (query, key, value) = inputs
    (output, total) = results
    self.dropout = dropout
    self.shape = shape
    self.training = training
  }

  var reads: [Value] { [query, key, value] + (relation?.reads ?? []) }
  var writes: [Value] { [output, total] }
  var keeps: [Value] { reads + [output, total] }
  var parameters: [Parameter] { [bias?.table.standIn].compactMap { $0 } }

  /// Two blocks of scores, what products need, decoded keys and values, numbers by distance, and
  /// what relative positions need.
  var memberScratch: Int { relationOffset + relationBytes }
  var relationOffset: Int {
    let numbers = (bias?.scratchCount ?? 0) * MemoryLayout<Float>.stride
    return biasOffset + (numbers + 63) / 64 * 64
  }
  private var biasOffset: Int { decodedOffset + 2 * decodedBytes }
  static let scoreBytes =
    max(queryBlock * keyBlock, gradientBlock * gradientBlock) * MemoryLayout<Float>.stride
  var decodedOffset: Int { 2 * Attention.scoreBytes + Kernels.scratchBytes(Attention.keyBlock) }

  func sharedScratch(rows: Int) -> Int {
    training ? rows * gradientColumns * MemoryLayout<Float>.stride : partialBytes
  }

  /// Floats per row of the backward pass's shared scratch: D per head and, where heads share keys,
  /// each head's own dK and dV.
  private var gradientColumns: Int {
    shape.heads + (shape.group > 1 ? 2 * shape.queryWidth : 0)
  }

  /// Whether this step's products are in BF16, as those with weights are (Weight+Compute.swift).
  func rounds(in batch: Batch) -> Bool {
    shape.trainsInBF16 && batch.training && batch.compute == .standard
  }

  func forward(_ run: Run) {
    if let cache = shape.readsSource ? run.batch.sourceCache : run.batch.cache {
      return forward(run, through: cache)
    }
    var turn = Turn(run.team)
    for (index, span) in run.batch.spans.enumerated() {
      attendByBlocks(span, sight(index, run), &turn, run)
    }
  }

  /// Two products with the pairs of queries and keys that are seen, and five on the way back.
  func products(_ run: Run) -> (forward: Int, backward: Int) {
    let cached = (shape.readsSource ? run.batch.sourceCache : run.batch.cache) != nil
    var pairs = 0
    for (index, span) in run.batch.spans.enumerated() {
      let own = shape.readsSource ? span.sourceCount : span.past + span.count
      let keys = 0..<(cached ? own : keyRows(index, run).count)
      for query in span.past..<span.past + span.count {
        pairs += visible(query: query, keys).count
      }
    }
    let all = pairs * shape.queryWidth
    return (2 * all, 5 * all)
  }

  /// Where a member keeps numbers by distance.
  func biasScratch(_ run: Run) -> UnsafeMutablePointer<Float> {
    (run.scratch + biasOffset).assumingMemoryBound(to: Float.self)
  }

  /// Whose turn it is: chunk after chunk goes to member after member.
  struct Turn {
    private let size: Int
    private var left: Int

    init(_ team: Team) {
      size = team.size
      left = team.id
    }

    /// Whether the next chunk is this member's.
    mutating func comes() -> Bool {
      left = left == 0 ? size - 1 : left - 1
      return left == size - 1
    }
  }
}

extension Graph {
  /// Records attention of queries [T, heads · width] over keys and values [T, keyValueHeads ·
  /// width].
  ///
  /// Keys and values may be of the source's rows, where the shape says so. `dropout` in 0 ..< 1 is
  /// the probability that a weight on a value falls in training. Only whole sequences with a head
  /// of keys for each of queries have `positions`. → [T, heads · width]
  package func attention(
    _ query: Value, _ key: Value, _ value: Value, _ shape: AttentionShape,
    bias: RelativeBias? = nil, positions: PositionTerms? = nil, dropout: Float = 0
  ) -> Value {
    let output = self.value(width: shape.queryWidth)
    let total = self.value(width: shape.heads)
    record(
      Attention(
        (query, key, value), (output, total), shape, bias: bias, relation: positions,
        dropout: dropout,
        training: training))
    return output
  }
}
