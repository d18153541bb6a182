// A binary heap of 64-bit keys, smallest first.

/// A priority queue.
package struct MinimumHeap {
  private var keys: [UInt64] = []

  /// An empty queue.
  package init() {}

  /// The smallest key, or nil.
  package var first: UInt64? { keys.first }

  /// Adds a key.
  package mutating func push(_ key: UInt64) {
    keys.append(key)
    var index = keys.count - 1
    while index > 0 {
      let parent = (index - 1) / 2
      if keys[parent] <= key { break }
      keys[index] = keys[parent]
      index = parent
    }
    keys[index] = key
  }

  /// Takes the smallest key out, or nil.
  package mutating func pop() -> UInt64? {
    guard let first = keys.first, let last = keys.popLast() else { return nil }
    if keys.isEmpty { return first }
    let count = keys.count
    var index = 0
    while true {
      var child = 2 * index + 1
      if child >= count { break }
      if child + 1 < count, keys[child + 1] < keys[child] { child += 1 }
      if last <= keys[child] { break }
      keys[index] = keys[child]
      index = child
    }
    keys[index] = last
    return first
  }
}
