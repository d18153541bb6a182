// The merges of one word that are still possible, best first: a binary heap of (rank, position) packed
// into 64 bits, so that equal ranks leave from left to right.
//
// Entries are not removed when their pair disappears; whoever pops compares with the symbol's present rank.

/// A priority queue of ranks and positions.
struct MergeQueue {
  private var heap: [UInt64] = []

  /// Forgets everything, keeping the memory.
  mutating func clear() { heap.removeAll(keepingCapacity: true) }

  /// Adds without keeping order; `arrange` must follow before the first `pop`.
  mutating func append(rank: UInt32, position: Int) { heap.append(Self.key(rank, position)) }

  /// Makes a heap of everything appended, in linear time.
  mutating func arrange() {
    var index = heap.count / 2
    while index > 0 {
      index -= 1
      sink(index)
    }
  }

  /// Adds one merge.
  mutating func push(rank: UInt32, position: Int) {
    let key = Self.key(rank, position)
    heap.append(key)
    var index = heap.count - 1
    while index > 0 {
      let parent = (index - 1) / 2
      if heap[parent] <= key { break }
      heap[index] = heap[parent]
      index = parent
    }
    heap[index] = key
  }

  /// Takes the best merge out, or nil.
  mutating func pop() -> (rank: UInt32, position: Int)? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    if !heap.isEmpty {
      heap[0] = last
      sink(0)
    }
    return (UInt32(truncatingIfNeeded: first >> 32), Int(first & 0xFFFF_FFFF))
  }

  private mutating func sink(_ start: Int) {
    let key = heap[start]
    let count = heap.count
    var index = start
    while true {
      var child = 2 * index + 1
      if child >= count { break }
      if child + 1 < count, heap[child + 1] < heap[child] { child += 1 }
      if key <= heap[child] { break }
      heap[index] = heap[child]
      index = child
    }
    heap[index] = key
  }

  private static func key(_ rank: UInt32, _ position: Int) -> UInt64 {
    UInt64(rank) << 32 | UInt64(UInt32(truncatingIfNeeded: position))
  }
}
