// Blocks of queries against blocks of keys, joined by their log Σ exp (Milakov and Gimelshein,
// 2018; Dao et al., 2022): whole sequences, and the long steps of a prompt.
//
// A chunk is a block of queries of one head; where cached rows have to be decoded it is all heads
// that share them, so that each is decoded once.
import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Attention {
  /// One head of rows `range` of a sight's keys or values, with the columns of other heads that its
  /// first and last block hold; `inset` of them come before it.
  func covering(
    _ rows: UnsafeRawPointer, head: Int, _ range: Range<Int>, _ sight: Sight
  ) -> (head: Kernels.Head, inset: Int) {
    let (format, length) = (sight.format, sight.format.blockLength)
    let column = head * shape.headWidth
    let first = column / length
    let last = (column + shape.headWidth + length - 1) / length
    let place = rows + range.lowerBound * sight.rowBytes + first * format.blockBytes
    return (
      Kernels.Head(
        format, place, rowBytes: sight.rowBytes, rows: range.count,
        width: (last - first) * length),
      column - first * length
    )
  }

  /// The same in F32: as it lies, or decoded into `scratch`.
  func plain(
    _ rows: UnsafeRawPointer, head: Int, _ range: Range<Int>, _ sight: Sight,
    scratch: UnsafeMutableRawPointer
  ) -> Kernels.Head {
    let (covering, inset) = covering(rows, head: head, range, sight)
    guard sight.format != .f32 else { return covering }
    let decoded = scratch.assumingMemoryBound(to: Float.self)
    covering.decode(into: decoded)
    return Kernels.Head(
      .f32, decoded + inset, rowBytes: covering.width * MemoryLayout<Float>.stride,
      rows: range.count, width: shape.headWidth)
  }

  /// All queries of a span, in chunks that go round.
  func attendByBlocks(_ span: Span, _ sight: Sight, _ turn: inout Turn, _ run: Run) {
    let together = sight.format == .f32 ? 1 : shape.group
    for start in stride(from: 0, to: span.count, by: Attention.queryBlock) {
      let block = start..<min(span.count, start + Attention.queryBlock)
      for head in stride(from: 0, to: shape.heads, by: together) where turn.comes() {
        attend(span, block, heads: head..<head + together, sight, run)
      }
    }
  }

  /// The outputs of heads that share keys for the queries `block` of a span.
  private func attend(
    _ span: Span, _ block: Range<Int>, heads: Range<Int>, _ sight: Sight, _ run: Run
  ) {
    let decoded = run.scratch + decodedOffset
    let shared = heads.lowerBound / shape.group
    let all = visible(
      queries: sight.past + block.lowerBound..<sight.past + block.upperBound, of: sight.count)
    for start in stride(from: all.lowerBound, to: all.upperBound, by: Attention.keyBlock) {
      let keys = start..<min(all.upperBound, start + Attention.keyBlock)
      let k = plain(sight.keys, head: shared, keys, sight, scratch: decoded)
      let v = plain(sight.values, head: shared, keys, sight, scratch: decoded + decodedBytes)
      for head in heads {
        let part = Part(
          span: span, queries: block, keys: keys, head: head, isFirst: start == all.lowerBound)
        attend(part, k, v, sight.past, run)
      }
    }
  }

  /// A block of queries of one head against a block of keys.
  private struct Part {
    let span: Span
    let queries: Range<Int>
    let keys: Range<Int>
    let head: Int
    /// Whether no keys came before these.
    let isFirst: Bool
  }

  private func attend(
    _ part: Part, _ k: Kernels.Head, _ v: Kernels.Head, _ past: Int, _ run: Run
  ) {
    let row = part.span.offset + part.queries.lowerBound
    let (count, column) = (part.queries.count, part.head * shape.headWidth)
    let o = run.pointer(output) + row * shape.queryWidth + column
    let totals = run.pointer(total) + row * shape.heads + part.head
    let q = Kernels.Matrix(
      run.pointer(query) + row * shape.queryWidth + column, rowStride: shape.queryWidth)
    let scores = run.scratch.assumingMemoryBound(to: Float.self)
    let productScratch = run.scratch + 2 * Attention.scoreBytes
    let inBF16 = rounds(in: run.batch)
    score(q, count, k, into: scores, inBF16: inBF16, productScratch)
    let (mask, first) = (mask(run), past + part.queries.lowerBound)
    let shift = bias.map {
      BiasBlock(
        $0, head: part.head, queries: first..<first + count, keys: part.keys,
        scratch: biasScratch(run))
    }
    for i in 0..<count {
      let scores = scores + i * Attention.keyBlock
      let seen = visible(query: first + i, part.keys)
      shift?.add(
        to: scores + seen.lowerBound, query: first + i,
        key: part.keys.lowerBound + seen.lowerBound, count: seen.count)
      cap(scores + seen.lowerBound, count: seen.count)
      join(
        scores, seen: seen, of: part.keys.count, total: totals + i * shape.heads,
        output: o + i * shape.queryWidth, isFirst: part.isFirst)
      if let mask {
        let place = (row: row + i, head: part.head, key: part.keys.lowerBound + seen.lowerBound)
        drop(scores + seen.lowerBound, mask, at: place, count: seen.count)
      }
    }
    mix(scores, count, v, into: o, accumulate: !part.isFirst, inBF16: inBF16, productScratch)
  }

  /// Turns one row of scores into its share of the softmax over all blocks so far, and scales what
  /// the earlier blocks gave.
  private func join(
    _ row: UnsafeMutablePointer<Float>, seen: Range<Int>, of count: Int,
    total: UnsafeMutablePointer<Float>, output: UnsafeMutablePointer<Float>, isFirst: Bool
  ) {
    row.update(repeating: 0, count: seen.lowerBound)
    (row + seen.upperBound).update(repeating: 0, count: count - seen.upperBound)
    // A window may begin after these keys: nothing is known of this query yet.
    if isFirst { total.pointee = -.infinity }
    guard !seen.isEmpty else { return }
    let scores = row + seen.lowerBound
    let here = Kernels.softmax(scores, count: seen.count)
    let before = total.pointee
    guard before > -.infinity else {
      total.pointee = here
      return
    }
    // Shares of one, not exponentials of the rounded sum: exact to the last place.
    let high = max(before, here)
    let (old, new) = (expf(before - high), expf(here - high))
    let (keep, part) = (old / (old + new), new / (old + new))
    Kernels.scale(output, by: keep, into: output, count: shape.headWidth)
    Kernels.scale(scores, by: part, into: scores, count: seen.count)
    total.pointee = high + logf(old + new)
  }

  /// scores = scale · q · keysᵀ.
  private func score(
    _ q: Kernels.Matrix, _ queries: Int, _ keys: Kernels.Head,
    into scores: UnsafeMutablePointer<Float>, inBF16: Bool, _ scratch: UnsafeMutableRawPointer
  ) {
    guard queries > Attention.fewQueries else {
      return keys.scores(
        of: q, count: queries, scale: shape.scale, into: scores, stride: Attention.keyBlock)
    }
    Kernels.multiply(
      rows: queries, columns: keys.rows, inner: shape.headWidth, q, keys.matrix.transposed,
      into: scores, ldc: Attention.keyBlock, Kernels.Update(alpha: shape.scale), inBF16: inBF16,
      scratch: scratch)
  }

  /// output (+)= weights · values.
  private func mix(
    _ weights: UnsafeMutablePointer<Float>, _ queries: Int, _ values: Kernels.Head,
    into output: UnsafeMutablePointer<Float>, accumulate: Bool, inBF16: Bool,
    _ scratch: UnsafeMutableRawPointer
  ) {
    let weights = Kernels.Matrix(weights, rowStride: Attention.keyBlock)
    guard queries > Attention.fewQueries else {
      return values.mix(
        weights, count: queries, into: output, stride: shape.queryWidth, accumulate: accumulate)
    }
    Kernels.multiply(
      rows: queries, columns: shape.headWidth, inner: values.rows, weights, values.matrix,
      into: output, ldc: shape.queryWidth, Kernels.Update(accumulate: accumulate),
      inBF16: inBF16, scratch: scratch)
  }
}

extension Kernels.Head {
  /// Rows in F32 as products take them.
  var matrix: Kernels.Matrix {
    Kernels.Matrix(
      pointer.assumingMemoryBound(to: Float.self),
      rowStride: rowBytes / MemoryLayout<Float>.stride)
  }
}
