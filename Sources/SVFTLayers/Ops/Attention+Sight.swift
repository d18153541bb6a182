// Which keys a query sees. Positions count from the first token of the sequence, past included.
//
//   all       0 ..< keys                 neither causal nor windowed
//   causal    0 ... p
//   window w  p − w + 1 ... p            and as far behind p where nothing is causal
//
// as transformers masks its sliding windows: the query itself is one of the w.

extension Attention {
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
