// The pieces of a vocabulary in the order of their bytes, so that every piece that begins at a
// place of a text is found on one walk: each byte narrows the range of pieces that still fit.
//
// A trie of the same vocabulary takes twenty times the memory; here it is one number a piece.

/// The sorted pieces of a vocabulary.
struct PieceOrder: Sendable {
  private let pieces: PieceTable
  private let order: [Int32]
  /// The pieces that begin with each byte.
  private let heads: [Range<Int>]

  /// Orders those pieces of a vocabulary that `isWanted` keeps; empty ones are never wanted.
  init(_ pieces: PieceTable, where isWanted: (Int) -> Bool = { _ in true }) {
    self.pieces = pieces
    let kept = (0..<pieces.count).filter { !pieces[$0].isEmpty && isWanted($0) }
    let order = kept.map { (pieces[$0], $0) }
      .sorted { $0.0.lexicographicallyPrecedes($1.0) }
      .map { Int32(truncatingIfNeeded: $0.1) }
    self.order = order
    var heads: [Range<Int>] = []
    var start = 0
    for byte in 0..<256 {
      var end = start
      while end < order.count, pieces.byte(Int(order[end]), at: 0) == byte { end += 1 }
      heads.append(start..<end)
      start = end
    }
    self.heads = heads
  }

  /// Calls `body` with each piece that begins at `start` and where it ends, shorter ones first.
  func forEachPrefix(
    _ text: [UInt8], _ start: Int, _ limit: Int, _ body: (_ piece: Int32, _ end: Int) -> Void
  ) {
    guard start < limit else { return }
    var range = heads[Int(text[start])]
    var end = start + 1
    while !range.isEmpty {
      // Of all that fit so far the one that ends here stands first.
      let length = end - start
      if pieces.byte(Int(order[range.lowerBound]), at: length) < 0 {
        body(order[range.lowerBound], end)
        range = range.dropFirst()
      }
      guard end < limit else { return }
      range = narrowed(range, length, Int(text[end]))
      end += 1
    }
  }

  private func narrowed(_ range: Range<Int>, _ offset: Int, _ byte: Int) -> Range<Int> {
    let start = first(range, offset, byte)
    return start..<first(start..<range.upperBound, offset, byte + 1)
  }

  /// The first piece of a range whose byte at `offset` is at least `byte`.
  private func first(_ range: Range<Int>, _ offset: Int, _ byte: Int) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if pieces.byte(Int(order[middle]), at: offset) < byte {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }
}
