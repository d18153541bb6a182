// A list of names with a hash index over their bytes. Swift compares strings by canonical
// equivalence, so that "é" in one and in two code points are the same dictionary key; files mean
// bytes, and vocabularies do hold both. The hash is seeded per process: nobody can craft colliding
// names.

/// Names in the order they came, found by their exact bytes.
package struct NameIndex: Sendable {
  /// All names in order.
  package private(set) var names: [String] = []
  /// Open addressing, a power of two, at most half full: position + 1 of a name, or 0; and hash
  /// bits.
  private var slots: [(hash: UInt32, place: UInt32)] = []

  package init() {}

  /// How many names there are.
  package var count: Int { names.count }

  /// Below this many names a look through the list is faster than hashing.
  private static let linear = 8

  /// Adds a name at the end; false (and nothing added) where it is there already.
  package mutating func add(_ name: String) -> Bool {
    if names.count < Self.linear {
      if position(of: name) != nil { return false }
      names.append(name)
      return true
    }
    if slots.count < 2 * (names.count + 1) { grow() }
    let hash = Self.hash(name)
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot].place != 0 {
      if slots[slot].hash == hash, Self.same(names[Int(slots[slot].place) - 1], name) {
        return false
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    names.append(name)
    slots[slot] = (hash, UInt32(truncatingIfNeeded: names.count))
    return true
  }

  /// Where a name stands in the order, or nil.
  package func position(of name: String) -> Int? {
    if slots.isEmpty { return names.firstIndex { Self.same($0, name) } }
    let hash = Self.hash(name)
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot].place != 0 {
      let place = Int(slots[slot].place) - 1
      if slots[slot].hash == hash, Self.same(names[place], name) { return place }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  private mutating func grow() {
    slots = [(hash: UInt32, place: UInt32)](
      repeating: (0, 0), count: max(32, slots.count * 2))
    for (place, name) in names.enumerated() {
      let hash = Self.hash(name)
      var slot = Int(hash) & (slots.count - 1)
      while slots[slot].place != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = (hash, UInt32(truncatingIfNeeded: place + 1))
    }
  }

  /// Whether two names are the same bytes.
  package static func same(_ a: String, _ b: String) -> Bool {
    a.utf8.count == b.utf8.count && a.utf8.elementsEqual(b.utf8)
  }

  private static func hash(_ name: String) -> UInt32 {
    var hasher = Hasher()
    let done: Void? = name.utf8.withContiguousStorageIfAvailable {
      hasher.combine(bytes: UnsafeRawBufferPointer($0))
    }
    // Strings that are not stored as UTF-8 do not occur on Linux; they would only be slower.
    if done == nil { for byte in name.utf8 { hasher.combine(byte) } }
    return UInt32(truncatingIfNeeded: hasher.finalize())
  }
}
