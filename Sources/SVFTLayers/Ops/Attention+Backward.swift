// The backward pass of attention: probabilities are computed again, block by block.
//
// One chunk is one head of one span. Heads that share keys write their dK and dV into scratch of
// their own, which is then added up head after head: the split is finer than by key-value head
// (nine chunks instead of three for SmolLM2) and the order of every sum is fixed. All gradients are
// added to; those that nobody has written yet are cleared first, so the three may even be one
// value.
import SVFTTensor

extension Attention {
  func backward(_ run: Run) {
    guard let g = run.gradient(output) else { return }
    let targets = Targets(
      query: run.target(0)?.pointer, key: run.target(1)?.pointer, value: run.target(2)?.pointer)
    clear(run)
    clearRelation(run)
    run.team.barrier()
    var turn = Turn(run.team)
    if relation == nil, bias?.table.standIn == nil {
      for index in run.batch.spans.indices {
        for head in 0..<shape.heads where turn.comes() {
          passBack(g, index, head: head, targets, run)
        }
      }
    } else {
      // All spans add to the same numbers of a head, of positions or distances: it is one member's.
      for head in 0..<shape.heads where turn.comes() {
        for index in run.batch.spans.indices { passBack(g, index, head: head, targets, run) }
      }
    }
    guard shape.group > 1 else { return }
    run.team.barrier()
    addUp(targets, run)
  }

  /// Where gradients go; nil where nobody needs one.
  private struct Targets {
    let query: UnsafeMutablePointer<Float>?
    let key: UnsafeMutablePointer<Float>?
    let value: UnsafeMutablePointer<Float>?
  }

  /// Shared scratch: D [T, heads], then each head's own dK and dV, [T, heads · width].
  private func shared(_ run: Run) -> (
    delta: UnsafeMutablePointer<Float>, key: UnsafeMutablePointer<Float>,
    value: UnsafeMutablePointer<Float>
  ) {
    let delta = run.sharedScratch.assumingMemoryBound(to: Float.self)
    let key = delta + run.rows * shape.heads
    return (delta, key, key + keyRows(run) * shape.queryWidth)
  }

  private func clear(_ run: Run) {
    let keys = keyRows(run)
    clear(run.target(0), width: shape.queryWidth, rows: run.rows, run)
    clear(run.target(1), width: shape.keyWidth, rows: keys, run)
    clear(run.target(2), width: shape.keyWidth, rows: keys, run)
    guard shape.group > 1 else { return }
    let shared = shared(run)
    for row in run.team.share(of: 2 * keys) {
      (shared.key + row * shape.queryWidth).update(repeating: 0, count: shape.queryWidth)
    }
  }

  private func clear(_ target: GradientTarget?, width: Int, rows: Int, _ run: Run) {
    guard let target, !target.accumulate else { return }
    for row in run.team.share(of: rows) {
      (target.pointer + row * width).update(repeating: 0, count: width)
    }
  }

  /// All gradients of one head of one span.
  private func passBack(
    _ g: UnsafeMutablePointer<Float>, _ index: Int, head: Int, _ targets: Targets, _ run: Run
  ) {
    let (wide, width) = (shape.queryWidth, shape.headWidth)
    let (span, sight, rows) = (run.batch.spans[index], sight(index, run), keyRows(index, run))
    let shared = shared(run)
    let first = span.offset * wide + head * width
    let o = run.pointer(output) + first
    let delta = shared.delta + span.offset * shape.heads + head
    for i in 0..<span.count {
      delta[i * shape.heads] = Kernels.dot(
        g + first + i * wide, o + i * wide, count: width)
    }
    // One head's keys: its own scratch where others share them, else the gradient itself.
    let grouped = shape.group > 1
    let stride = grouped ? wide : shape.keyWidth
    let column = rows.lowerBound * stride + head * width
    let dK = targets.key.map { (grouped ? shared.key : $0) + column }
    let dV = targets.value.map { (grouped ? shared.value : $0) + column }
    for start in Swift.stride(from: 0, to: rows.count, by: Attention.gradientBlock) {
      let keys = start..<min(rows.count, start + Attention.gradientBlock)
      var begin = seeing(keys, of: span.count).lowerBound
      while let block = block(from: begin, keys, of: span.count) {
        defer { begin = block.upperBound }
        let part = Part(
          queries: block, keys: seen(keys, by: block),
          q: Kernels.Matrix(run.pointer(query) + first + begin * wide, rowStride: wide),
          g: Kernels.Matrix(g + first + begin * wide, rowStride: wide),
          totals: run.pointer(total) + (span.offset + begin) * shape.heads + head,
          delta: delta + begin * shape.heads, row: span.offset + begin, head: head)
        passBack(
          part, sight, dQ: targets.query.map { $0 + first + begin * wide },
          (dK.map { $0 + start * stride }, dV.map { $0 + start * stride }, stride), run)
      }
    }
  }

  /// The next queries that see some of `keys`, nil behind the last: half as many where the diagonal
  /// goes through them, because half of a block there is for nothing.
  private func block(from begin: Int, _ keys: Range<Int>, of count: Int) -> Range<Int>? {
    let end = seeing(keys, of: count).upperBound
    guard begin < end else { return nil }
    let isCut = shape.causal && begin < keys.upperBound
    return begin..<min(end, begin + Attention.gradientBlock / (isCut ? 2 : 1))
  }

  /// `keys` up to the last that one of the queries sees; relative positions are summed by blocks.
  private func seen(_ keys: Range<Int>, by block: Range<Int>) -> Range<Int> {
    guard shape.causal, relation == nil, bias == nil else { return keys }
    return keys.lowerBound..<max(keys.lowerBound + 1, min(keys.upperBound, block.upperBound))
  }

  /// A block of queries against a block of keys.
  private struct Part {
    let queries: Range<Int>
    let keys: Range<Int>
    let q: Kernels.Matrix
    let g: Kernels.Matrix
    let totals: UnsafeMutablePointer<Float>
    let delta: UnsafeMutablePointer<Float>
    /// The first query's row in the step.
    let row: Int
    let head: Int
  }

  private func passBack(
    _ part: Part, _ sight: Sight, dQ: UnsafeMutablePointer<Float>?,
    _ target: (dK: UnsafeMutablePointer<Float>?, dV: UnsafeMutablePointer<Float>?, stride: Int),
    _ run: Run
  ) {
    let (n, m, width) = (part.queries.count, part.keys.count, shape.headWidth)
    let row = Attention.gradientBlock
    let scratch = run.scratch
    let p = scratch.assumingMemoryBound(to: Float.self)
    let dS = (scratch + Attention.scoreBytes).assumingMemoryBound(to: Float.self)
    let products = scratch + 2 * Attention.scoreBytes
    let shared = part.head / shape.group
    let keys = covering(sight.keys, head: shared, part.keys, sight).head.matrix
    let values = covering(sight.values, head: shared, part.keys, sight).head.matrix
    let add = Kernels.Update(accumulate: true)
    let inBF16 = rounds(in: run.batch)
    let tile = Tile(
      queries: part.queries, keys: part.keys, head: part.head, q: part.q, k: keys)
    scoreAgain(tile, into: p, run)
    Kernels.multiply(
      rows: n, columns: m, inner: width, part.g, values.transposed, into: dS,
      ldc: row, inBF16: inBF16, scratch: products)
    slope(part, scores: p, dP: dS, run)
    if let dV = target.dV {
      Kernels.multiply(
        rows: m, columns: width, inner: n, Kernels.Matrix(p, rowStride: row).transposed, part.g,
        into: dV, ldc: target.stride, add, inBF16: inBF16, scratch: products)
    }
    if let dQ {
      Kernels.multiply(
        rows: n, columns: width, inner: m, Kernels.Matrix(dS, rowStride: row), keys, into: dQ,
        ldc: shape.queryWidth, add, inBF16: inBF16, scratch: products)
    }
    if let dK = target.dK {
      Kernels.multiply(
        rows: m, columns: width, inner: n, Kernels.Matrix(dS, rowStride: row).transposed, part.q,
        into: dK, ldc: target.stride, add, inBF16: inBF16, scratch: products)
    }
    passBackRelation(
      tile, dS, dQ: TileTarget(pointer: dQ, stride: shape.queryWidth),
      dK: TileTarget(pointer: target.dK, stride: target.stride), run)
  }

  /// The scores of a block, before the cap.
  private func scoreAgain(_ tile: Tile, into p: UnsafeMutablePointer<Float>, _ run: Run) {
    let row = Attention.gradientBlock
    Kernels.multiply(
      rows: tile.queries.count, columns: tile.keys.count, inner: shape.headWidth, tile.q,
      tile.k.transposed, into: p, ldc: row, Kernels.Update(alpha: shape.scale),
      inBF16: rounds(in: run.batch), scratch: run.scratch + 2 * Attention.scoreBytes)
    relate(tile, p, lds: row, run)
  }

  /// Turns a block of scores into what P is multiplied with V by, and of dP into the slopes dS.
  private func slope(
    _ part: Part, scores: UnsafeMutablePointer<Float>, dP: UnsafeMutablePointer<Float>, _ run: Run
  ) {
    let (row, m, mask) = (Attention.gradientBlock, part.keys.count, mask(run))
    let shift = bias.map {
      BiasBlock(
        $0, head: part.head, queries: part.queries, keys: part.keys, scratch: biasScratch(run))
    }
    for (i, query) in part.queries.enumerated() {
      let seen = visible(query: query, part.keys)
      clear(scores + i * row, outside: seen, of: m)
      clear(dP + i * row, outside: seen, of: m)
      let (p, dS) = (scores + i * row + seen.lowerBound, dP + i * row + seen.lowerBound)
      let (total, delta) = (part.totals[i * shape.heads], part.delta[i * shape.heads])
      let place = (
        row: part.row + i, head: part.head, key: part.keys.lowerBound + seen.lowerBound
      )
      if let mask { drop(dS, mask, at: place, count: seen.count) }
      shift?.add(to: p, query: query, key: place.key, count: seen.count)
      cap(p, count: seen.count)
      capGradient(dS, mean: delta, at: p, count: seen.count)
      Kernels.softmaxGradient(
        p, total: total, dS, mean: delta, scale: shape.scale, count: seen.count)
      if let mask { drop(p, mask, at: place, count: seen.count) }
    }
    sumBias(dP, part, run)
  }

  /// Adds the slopes of a block of scores to the gradient of what distances add to them.
  private func sumBias(_ dS: UnsafeMutablePointer<Float>, _ part: Part, _ run: Run) {
    guard let bias, let gradient = bias.table.standIn?.gradients.baseAddress else { return }
    let sums = BiasBlock(
      summing: bias, queries: part.queries, keys: part.keys, scratch: biasScratch(run))
    for (i, query) in part.queries.enumerated() {
      sums.sum(
        dS + i * Attention.gradientBlock, times: 1 / shape.scale, query: query,
        key: part.keys.lowerBound, count: part.keys.count)
    }
    sums.fold(into: gradient, bias, head: part.head)
  }

  /// Zeroes the numbers of a row of `count` that are not `seen`.
  private func clear(
    _ row: UnsafeMutablePointer<Float>, outside seen: Range<Int>, of count: Int
  ) {
    row.update(repeating: 0, count: seen.lowerBound)
    (row + seen.upperBound).update(repeating: 0, count: count - seen.upperBound)
  }

  /// Adds the heads of each group, in order.
  private func addUp(_ targets: Targets, _ run: Run) {
    let shared = shared(run)
    for row in run.team.share(of: keyRows(run)) {
      for head in 0..<shape.heads {
        let source = row * shape.queryWidth + head * shape.headWidth
        let place = row * shape.keyWidth + head / shape.group * shape.headWidth
        if let dK = targets.key {
          Kernels.add(shared.key + source, to: dK + place, count: shape.headWidth)
        }
        if let dV = targets.value {
          Kernels.add(shared.value + source, to: dV + place, count: shape.headWidth)
        }
      }
    }
  }
}
