// Scaled dot-product attention over packed sequences, with grouped heads, by blocks.
//
//   P = softmax(scale · Q Kᵀ)   O = P V                               per span and head
//   D = Σ dO∘O   dS = P∘(dO Vᵀ − D) · scale   dQ = dS K   dK = dSᵀ Q   dV = Pᵀ dO
//
// Blocks of queries meet blocks of keys, so nothing of size T × T exists; blocks are joined by
// their log Σ exp (Milakov and Gimelshein, 2018; Dao et al., 2022). Keeps q, k, v, O and one log Σ
// exp per row and head. With a cache the step's keys and values are written there first and every
// query sees the past; a training step has no cache. The backward pass is in
// `Attention+Backward.swift`, dropout of P in `Attention+Dropout.swift`.
import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

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

  package init(
    heads: Int, keyValueHeads: Int, headWidth: Int, scale: Float, causal: Bool, layer: Int
  ) {
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headWidth = headWidth
    self.scale = scale
    self.causal = causal
    self.layer = layer
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
  /// Up to so many queries are multiplied one by one.
  private static let fewQueries = 3

  let shape: AttentionShape
  let query: Value
  let key: Value
  let value: Value
  let output: Value
  /// log Σ exp of the scores, [T, heads].
  let total: Value
  /// Probability that one of P falls in training.
  let dropout: Float
  private let training: Bool

  init(
    _ inputs: (query: Value, key: Value, value: Value), _ results: (output: Value, total: Value),
    _ shape: AttentionShape, dropout: Float, training: Bool
  ) {
    (query, key, value) = inputs
    (output, total) = results
    self.dropout = dropout
    self.shape = shape
    self.training = training
  }

  var reads: [Value] { [query, key, value] }
  var writes: [Value] { [output, total] }
  var keeps: [Value] { [query, key, value, output, total] }

  /// Two blocks of scores, and what products need.
  var memberScratch: Int { 2 * Attention.scoreBytes + Kernels.scratchBytes(Attention.keyBlock) }
  static let scoreBytes =
    max(queryBlock * keyBlock, gradientBlock * gradientBlock) * MemoryLayout<Float>.stride

  func sharedScratch(rows: Int) -> Int {
    training ? rows * gradientColumns * MemoryLayout<Float>.stride : 0
  }

  /// Floats per row of the backward pass's shared scratch: D per head and, where heads share keys,
  /// each head's own dK and dV.
  private var gradientColumns: Int {
    shape.heads + (shape.group > 1 ? 2 * shape.queryWidth : 0)
  }

  func forward(_ run: Run) {
    let cache = run.batch.cache
    if let cache {
      store(into: cache, run)
      run.team.barrier()
    }
    var turn = run.team.id
    for span in run.batch.spans {
      for start in stride(from: 0, to: span.count, by: Attention.queryBlock) {
        let block = start..<min(span.count, start + Attention.queryBlock)
        for head in 0..<shape.heads {
          defer { turn = turn == 0 ? run.team.size - 1 : turn - 1 }
          guard turn == 0 else { continue }
          attend(span, block, head: head, cache, run)
        }
      }
    }
  }

  /// Writes the step's keys and values behind each span's past.
  private func store(into cache: KVCache, _ run: Run) {
    let width = shape.keyWidth
    let (k, v) = (run.pointer(key), run.pointer(value))
    for span in run.batch.spans where holds(cache, span) {
      let keys = cache.keys(layer: shape.layer, slot: span.slot) + span.past * width
      let values = cache.values(layer: shape.layer, slot: span.slot) + span.past * width
      for row in run.team.share(of: span.count) {
        (keys + row * width).update(from: k + (span.offset + row) * width, count: width)
        (values + row * width).update(from: v + (span.offset + row) * width, count: width)
      }
    }
  }

  /// Whether the span lies in the cache.
  ///
  /// Callers have checked; here memory is kept safe.
  private func holds(_ cache: KVCache, _ span: Span) -> Bool {
    cache.width == shape.keyWidth && shape.layer < cache.layers && span.slot >= 0
      && span.slot < cache.slots && span.past >= 0 && span.past <= cache.context - span.count
  }

  /// The outputs of one head for the queries `block` of a span.
  private func attend(
    _ span: Span, _ block: Range<Int>, head: Int, _ cache: KVCache?, _ run: Run
  ) {
    let sight = sight(span, head: head, cache, run)
    let row = span.offset + block.lowerBound
    let o = run.pointer(output) + row * shape.queryWidth + head * shape.headWidth
    let totals = run.pointer(total) + row * shape.heads + head
    let q = Kernels.Matrix(
      run.pointer(query) + row * shape.queryWidth + head * shape.headWidth,
      rowStride: shape.queryWidth)
    guard let sight else {
      for i in 0..<block.count {
        (o + i * shape.queryWidth).update(repeating: 0, count: shape.headWidth)
      }
      return
    }
    let scores = run.scratch.assumingMemoryBound(to: Float.self)
    let productScratch = run.scratch + 2 * Attention.scoreBytes
    let mask = mask(run)
    let last = shape.causal ? sight.past + block.upperBound : sight.past + span.count
    for start in stride(from: 0, to: last, by: Attention.keyBlock) {
      let keys = start..<min(last, start + Attention.keyBlock)
      score(q, block.count, sight.keys(keys), keys.count, into: scores, productScratch)
      for i in 0..<block.count {
        let seen = visible(query: sight.past + block.lowerBound + i, keys)
        join(
          scores + i * Attention.keyBlock, seen: seen, of: keys.count,
          total: totals + i * shape.heads, output: o + i * shape.queryWidth, isFirst: start == 0)
        if let mask {
          drop(
            scores + i * Attention.keyBlock, mask, at: (row + i, head, start), count: seen)
        }
      }
      mix(
        scores, block.count, sight.values(keys), keys.count, into: o, accumulate: start > 0,
        productScratch)
    }
  }

  /// Turns one row of scores into its share of the softmax over all blocks so far, and scales what
  /// the earlier blocks gave.
  private func join(
    _ scores: UnsafeMutablePointer<Float>, seen: Int, of count: Int,
    total: UnsafeMutablePointer<Float>, output: UnsafeMutablePointer<Float>, isFirst: Bool
  ) {
    (scores + seen).update(repeating: 0, count: count - seen)
    guard seen > 0 else { return }
    let here = Kernels.softmax(scores, count: seen)
    guard !isFirst else {
      total.pointee = here
      return
    }
    let before = total.pointee
    // Shares of one, not exponentials of the rounded sum: exact to the last place.
    let high = max(before, here)
    let (old, new) = (expf(before - high), expf(here - high))
    let (keep, part) = (old / (old + new), new / (old + new))
    Kernels.scale(output, by: keep, into: output, count: shape.headWidth)
    Kernels.scale(scores, by: part, into: scores, count: seen)
    total.pointee = high + logf(old + new)
  }

  /// scores = scale · q · keysᵀ.
  ///
  /// A few queries (decoding) go row by row: packing keys for a
  /// product would cost as much as the product.
  private func score(
    _ q: Kernels.Matrix, _ queries: Int, _ keys: Kernels.Matrix, _ count: Int,
    into scores: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutableRawPointer
  ) {
    guard queries > Attention.fewQueries else {
      for i in 0..<queries {
        Kernels.rowScores(
          q.pointer + i * q.rowStride, keys.pointer, stride: keys.rowStride, count: count,
          width: shape.headWidth, scale: shape.scale, into: scores + i * Attention.keyBlock)
      }
      return
    }
    Kernels.multiply(
      rows: queries, columns: count, inner: shape.headWidth, q, keys.transposed, into: scores,
      ldc: Attention.keyBlock, Kernels.Update(alpha: shape.scale), scratch: scratch)
  }

  /// output (+)= weights · values.
  private func mix(
    _ weights: UnsafeMutablePointer<Float>, _ queries: Int, _ values: Kernels.Matrix,
    _ count: Int, into output: UnsafeMutablePointer<Float>, accumulate: Bool,
    _ scratch: UnsafeMutableRawPointer
  ) {
    guard queries > Attention.fewQueries else {
      for i in 0..<queries {
        Kernels.rowMix(
          weights + i * Attention.keyBlock, values.pointer, stride: values.rowStride,
          count: count, width: shape.headWidth, into: output + i * shape.queryWidth,
          accumulate: accumulate)
      }
      return
    }
    Kernels.multiply(
      rows: queries, columns: shape.headWidth, inner: count,
      Kernels.Matrix(weights, rowStride: Attention.keyBlock), values, into: output,
      ldc: shape.queryWidth, Kernels.Update(accumulate: accumulate), scratch: scratch)
  }

  /// How many of `keys` the query at `position` (past included) sees.
  func visible(query position: Int, _ keys: Range<Int>) -> Int {
    guard shape.causal else { return keys.count }
    return max(0, min(keys.count, position + 1 - keys.lowerBound))
  }

  /// The keys and values one head of a span sees.
  struct Sight {
    let keys: UnsafePointer<Float>
    let values: UnsafePointer<Float>
    let stride: Int
    let past: Int

    func keys(_ range: Range<Int>) -> Kernels.Matrix {
      Kernels.Matrix(keys + range.lowerBound * stride, rowStride: stride)
    }

    func values(_ range: Range<Int>) -> Kernels.Matrix {
      Kernels.Matrix(values + range.lowerBound * stride, rowStride: stride)
    }
  }

  /// Where they lie: in the cache with their past, or in the step.
  ///
  /// Nil where the cache has no such
  /// place.
  func sight(_ span: Span, head: Int, _ cache: KVCache?, _ run: Run) -> Sight? {
    let width = shape.keyWidth
    let column = head / shape.group * shape.headWidth
    guard let cache else {
      let first = span.offset * width + column
      return Sight(
        keys: run.pointer(key) + first, values: run.pointer(value) + first, stride: width, past: 0)
    }
    guard holds(cache, span) else { return nil }
    return Sight(
      keys: cache.keys(layer: shape.layer, slot: span.slot) + column,
      values: cache.values(layer: shape.layer, slot: span.slot) + column, stride: width,
      past: span.past)
  }
}

extension Graph {
  /// Records attention of queries [T, heads · width] over keys and values [T, keyValueHeads ·
  /// width].
  ///
  /// `dropout` in 0 ..< 1 is the probability that a weight on a value falls in training.
  /// → [T, heads · width]
  package func attention(
    _ query: Value, _ key: Value, _ value: Value, _ shape: AttentionShape, dropout: Float = 0
  ) -> Value {
    let output = self.value(width: shape.queryWidth)
    let total = self.value(width: shape.heads)
    record(
      Attention(
        (query, key, value), (output, total), shape, dropout: dropout, training: training))
    return output
  }
}
