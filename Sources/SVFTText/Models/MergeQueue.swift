// The merges of one word that are still possible, best first; equal ranks leave from left to right.
//
// A word of a few symbols has a heap. A long one (a megabyte of one letter is one word) has a
// bucket of positions per rank, opened one after the other and sorted, which is nearly free
// because positions come nearly in order; only what arrives for a rank already reached goes
// through the heap. Measured on 1 MB of one letter: a third of the heap's time.
//
// Entries are not removed when their pair disappears; whoever pops compares with the symbol's
// present rank.

/// A priority queue of ranks and positions.
package struct MergeQueue {
  private struct Link {
    let position: Int32
    let next: Int32
  }

  /// Words of fewer symbols need no buckets.
  private static let fewSymbols = 256

  /// Entries of ranks up to `reached`, rank and position packed.
  private var heap = MinimumHeap()
  private var reached = UInt32.max
  /// The positions of rank `reached` that wait, in order, from `cursor` on.
  private var open: [Int32] = []
  private var cursor = 0
  /// The ranks above `reached` that have a bucket.
  private var ranks = MinimumHeap()
  private var heads: [Int32] = []
  private var links: [Link] = []

  /// A queue for any number of words.
  package init() {}

  /// Prepares an empty queue for a word.
  package mutating func begin(symbols: Int, ranks rankCount: Int) {
    let isLong = symbols >= Self.fewSymbols
    reached = isLong ? 0 : .max
    if isLong, heads.isEmpty { heads = [Int32](repeating: -1, count: rankCount) }
    open.removeAll(keepingCapacity: true)
    links.removeAll(keepingCapacity: true)
    cursor = 0
  }

  /// Adds one merge.
  package mutating func push(rank: UInt32, position: Int) {
    let position = Int32(truncatingIfNeeded: position)
    if rank <= reached {
      heap.push(Self.key(rank, position))
      return
    }
    let head = heads[Int(rank)]
    if head < 0 { ranks.push(UInt64(rank)) }
    heads[Int(rank)] = Int32(truncatingIfNeeded: links.count)
    links.append(Link(position: position, next: head))
  }

  /// Takes the best merge out, or nil.
  package mutating func pop() -> (rank: UInt32, position: Int)? {
    while true {
      let early = heap.first
      if cursor < open.count {
        let key = Self.key(reached, open[cursor])
        if early.map({ key <= $0 }) ?? true {
          cursor += 1
          return Self.entry(key)
        }
      }
      if early != nil { return heap.pop().map(Self.entry) }
      guard let rank = ranks.pop() else { return nil }
      openBucket(UInt32(truncatingIfNeeded: rank))
    }
  }

  private mutating func openBucket(_ rank: UInt32) {
    reached = rank
    open.removeAll(keepingCapacity: true)
    cursor = 0
    var link = heads[Int(rank)]
    heads[Int(rank)] = -1
    while link >= 0 {
      open.append(links[Int(link)].position)
      link = links[Int(link)].next
    }
    open.reverse()
    if open.count > 1 { open.sort() }
  }

  private static func key(_ rank: UInt32, _ position: Int32) -> UInt64 {
    UInt64(rank) << 32 | UInt64(UInt32(bitPattern: position))
  }

  private static func entry(_ key: UInt64) -> (rank: UInt32, position: Int) {
    (UInt32(truncatingIfNeeded: key >> 32), Int(key & 0xFFFF_FFFF))
  }
}
