// One word as a doubly linked list of symbols, joined pair by pair in the order of a merge rule:
// Sennrich, Haddow, Birch 2016, in O(n log n).
//
// Invariant: a symbol's `rank` and `joined` describe its join with the next symbol; `MergeQueue`
// may hold older entries, recognised by a different rank. A symbol that was swallowed has rank
// `never`.

/// The working memory of byte-pair encoding, reused from word to word.
struct SymbolChain {
  /// A stretch of the text and the token it is; id -1 is no token.
  struct Symbol {
    var start: Int32
    var end: Int32
    var id: Int32
    fileprivate var previous: Int32 = -1
    fileprivate var next: Int32 = -1
    fileprivate var rank = never
    fileprivate var joined: Int32 = -1
  }

  private static let never = UInt32.max
  private var symbols: [Symbol] = []
  private var queue = MergeQueue()

  /// Begins a new word.
  mutating func clear() {
    symbols.removeAll(keepingCapacity: true)
  }

  /// Adds the symbol `text[start..<end]` at the end of the word.
  mutating func append(_ id: Int32, _ start: Int, _ end: Int) {
    let last = Int32(truncatingIfNeeded: symbols.count) - 1
    var symbol = Symbol(
      start: Int32(truncatingIfNeeded: start), end: Int32(truncatingIfNeeded: end), id: id)
    symbol.previous = last
    if last >= 0 { symbols[Int(last)].next = last + 1 }
    symbols.append(symbol)
  }

  /// Joins neighbours until the rule allows no more.
  mutating func join(_ text: [UInt8], _ rule: some MergeRule) {
    guard symbols.count > 1 else { return }
    queue.begin(symbols: symbols.count, ranks: rule.rankCount)
    for index in 0..<(symbols.count - 1) where update(index, text, rule) {
      queue.push(rank: symbols[index].rank, position: index)
    }
    while let best = queue.pop() {
      let index = best.position
      guard symbols[index].rank == best.rank else { continue }
      absorb(index)
      if update(index, text, rule) { queue.push(rank: symbols[index].rank, position: index) }
      let previous = Int(symbols[index].previous)
      if previous >= 0, update(previous, text, rule) {
        queue.push(rank: symbols[previous].rank, position: previous)
      }
    }
  }

  /// Visits the symbols that are left, in order.
  func forEach(_ body: (Symbol) -> Void) {
    var index: Int32 = symbols.isEmpty ? -1 : 0
    while index >= 0 {
      body(symbols[Int(index)])
      index = symbols[Int(index)].next
    }
  }

  /// Looks up the join of a symbol with its next; whether there is one.
  private mutating func update(_ index: Int, _ text: [UInt8], _ rule: some MergeRule) -> Bool {
    let left = symbols[index]
    symbols[index].rank = Self.never
    guard left.next >= 0 else { return false }
    let right = symbols[Int(left.next)]
    let range = Int(left.start)..<Int(right.end)
    guard let merge = rule.merge(left.id, right.id, text, range) else { return false }
    symbols[index].rank = merge.rank
    symbols[index].joined = merge.joined
    return true
  }

  /// Joins a symbol with its next.
  private mutating func absorb(_ index: Int) {
    let next = Int(symbols[index].next)
    let swallowed = symbols[next]
    symbols[next].rank = Self.never
    symbols[index].id = symbols[index].joined
    symbols[index].end = swallowed.end
    symbols[index].next = swallowed.next
    if swallowed.next >= 0 { symbols[Int(swallowed.next)].previous = Int32(index) }
  }
}
