// Which keys a query sees. Positions count from the first token of the sequence, past included.
//
//   all       0 ..< keys                 neither causal nor windowed, or another text's
//   causal    0 ... p
//   window w  p − w + 1 ... p            and as far behind p where nothing is causal
//
// as transformers masks its sliding windows: the query itself is one of the w.
import SVFTTensor

extension Attention {
  /// The keys and values that a span sees, row after row from its first token on.
  struct Sight {
    let format: Kernels.Format
    let keys: UnsafeRawPointer
    let values: UnsafeRawPointer
    let rowBytes: Int
    /// Rows of them.
    let count: Int
    /// Tokens of the sequence before the step.
    let past: Int
  }

  /// Those of span `index` of a step without a cache.
  func sight(_ index: Int, _ run: Run) -> Sight {
    let rows = keyRows(index, run)
    let first = rows.lowerBound * shape.keyWidth
    return Sight(
      format: .f32, keys: run.pointer(key) + first, values: run.pointer(value) + first,
      rowBytes: shape.keyWidth * MemoryLayout<Float>.stride, count: rows.count, past: 0)
  }

  /// The rows of the keys of span `index`: its own, or of the text it is about.
  func keyRows(_ index: Int, _ run: Run) -> Range<Int> {
    let own = run.batch.spans[index]
    guard shape.readsSource else { return own.offset..<own.offset + own.count }
    guard let spans = run.batch.source?.spans, index < spans.count else { return 0..<0 }
    return spans[index].offset..<spans[index].offset + spans[index].count
  }

  /// Rows of keys of a step without a cache.
  func keyRows(_ run: Run) -> Int {
    shape.readsSource ? run.batch.source?.rows ?? 0 : run.rows
  }

  /// The part of `keys`, counted from its first, that the query at `position` sees.
  func visible(query position: Int, _ keys: Range<Int>) -> Range<Int> {
    var first = keys.lowerBound
    var end = keys.upperBound
    if let window = shape.window {
      first = max(first, position - window + 1)
      end = min(end, position + window)
    }
    if shape.causal { end = min(end, position + 1) }
    guard first < end else { return 0..<0 }
    return first - keys.lowerBound..<end - keys.lowerBound
  }

  /// The keys of `count` that any of the queries at `positions` sees.
  func visible(queries positions: Range<Int>, of count: Int) -> Range<Int> {
    let first = visible(query: positions.lowerBound, 0..<count).lowerBound
    return first..<max(first, visible(query: positions.upperBound - 1, 0..<count).upperBound)
  }

  /// The queries before `count` from which on, and up to which, one of `keys` is seen.
  func seeing(_ keys: Range<Int>, of count: Int) -> Range<Int> {
    var first = shape.causal ? keys.lowerBound : 0
    var end = count
    if let window = shape.window {
      first = max(first, keys.lowerBound - window + 1)
      end = min(end, keys.upperBound - 1 + window)
    }
    return min(first, count)..<max(min(first, count), end)
  }
}
