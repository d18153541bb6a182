// Attention through a cache: the step's keys and values are written behind each sequence's past, in
// the cache's format, then every query sees all rows up to its own. Those of the text that a
// sequence is about are written when a step brings that text, and seen by every later step too.
//
// Prompts go by blocks (Attention+Blocks.swift); the few queries of a decoding step read each
// cached row once for all heads that share it, as it lies (Attention+Parts.swift).
import SVFTTensor

extension Attention {
  /// Only a decoder's inference has a cache, of its own text and of the one that it is about.
  var hasCache: Bool { (shape.causal || shape.readsSource) && !training }

  /// Bytes of a block of keys or values in F32, with all columns that its blocks may hold.
  var decodedBytes: Int {
    guard hasCache else { return 0 }
    let more = KVCache.formats.map { 2 * $0.blockLength }.max() ?? 0
    return Attention.keyBlock * (shape.headWidth + more) * MemoryLayout<Float>.stride
  }

  /// The step of a decoder: new rows into the cache, then every query over all rows it sees.
  func forward(_ run: Run, through cache: KVCache) {
    store(into: cache, run)
    run.team.barrier()
    let cut = cut(run.batch.spans, cache)
    var turn = Turn(run.team)
    var place = 0
    for span in run.batch.spans {
      guard let sight = sight(span, cache) else {
        clear(span, run)
        continue
      }
      guard span.count <= Attention.fewQueries else {
        attendByBlocks(span, sight, &turn, run)
        continue
      }
      attendByParts(span, sight, cut, at: &place, &turn, run)
    }
    guard place > 0 else { return }
    run.team.barrier()
    place = 0
    for span in run.batch.spans where isFew(span, cache) {
      joinParts(span, cut, at: &place, &turn, run)
    }
  }

  /// Writes the step's keys and values behind each span's past.
  private func store(into cache: KVCache, _ run: Run) {
    let (k, v) = (run.pointer(key), run.pointer(value))
    guard let batch = shape.readsSource ? run.batch.source : run.batch else { return }
    for span in batch.spans where fits(cache, span, rows: span.past + span.count) {
      let keys = cache.keyRows(layer: shape.layer, slot: span.slot)
      let values = cache.valueRows(layer: shape.layer, slot: span.slot)
      for row in span.offset..<span.offset + span.count where row % run.team.size == run.team.id {
        let place = (span.past + row - span.offset) * cache.rowBytes
        cache.format.encode(k + row * cache.width, count: cache.width, into: keys + place)
        cache.format.encode(v + row * cache.width, count: cache.width, into: values + place)
      }
    }
  }

  /// Whether the span lies in the cache.
  ///
  /// Callers have checked; here memory is kept safe.
  func holds(_ cache: KVCache, _ span: Span) -> Bool { fits(cache, span, rows: keyCount(span)) }

  private func fits(_ cache: KVCache, _ span: Span, rows: Int) -> Bool {
    hasCache && cache.width == shape.keyWidth && shape.layer < cache.layers && span.slot >= 0
      && span.slot < cache.slots && span.past >= 0 && rows >= 0 && rows <= cache.context
  }

  /// Rows of a cache that a span sees at most.
  func keyCount(_ span: Span) -> Int {
    shape.readsSource ? span.sourceCount : span.past + span.count
  }

  /// Whether the span goes by parts.
  func isFew(_ span: Span, _ cache: KVCache) -> Bool {
    span.count <= Attention.fewQueries && holds(cache, span)
  }

  private func sight(_ span: Span, _ cache: KVCache) -> Sight? {
    guard holds(cache, span) else { return nil }
    return Sight(
      format: cache.format.kernels, keys: cache.keyRows(layer: shape.layer, slot: span.slot),
      values: cache.valueRows(layer: shape.layer, slot: span.slot), rowBytes: cache.rowBytes,
      count: keyCount(span), past: span.past)
  }

  private func clear(_ span: Span, _ run: Run) {
    for row in run.team.share(of: span.count) {
      (run.pointer(output) + (span.offset + row) * shape.queryWidth).update(
        repeating: 0, count: shape.queryWidth)
    }
  }
}
