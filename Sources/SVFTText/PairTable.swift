// Pairs of token ids to the rank and the result of their merge: open addressing over two flat
// arrays.
//
// A dictionary of the same content costs three times as much per lookup, and byte-pair encoding
// does little else. The hash is seeded per process (see PieceTable).
import SVFTTensor

/// An immutable map from (left id, right id) to (rank, joined id).
package struct PairTable: Sendable {
  private static let seed = UInt64.random(in: .min ... .max)
  private static let vacant = UInt64.max

  private var keys: [UInt64]
  private var values: [UInt64]
  private let mask: Int

  /// Space for `count` pairs; the caller inserts no more than these.
  package init(capacity count: Int) {
    var size = 16
    while size < count * 2 { size *= 2 }
    keys = [UInt64](repeating: Self.vacant, count: size)
    values = [UInt64](repeating: 0, count: size)
    mask = size - 1
  }

  /// Adds a pair; false if it was there already.
  ///
  /// Ids are not negative.
  package mutating func insert(_ left: Int32, _ right: Int32, rank: UInt32, joined: Int32) -> Bool {
    let key = Self.key(left, right)
    var slot = home(key)
    while keys[slot] != Self.vacant {
      if keys[slot] == key { return false }
      slot = (slot + 1) & mask
    }
    keys[slot] = key
    values[slot] = UInt64(rank) << 32 | UInt64(UInt32(bitPattern: joined))
    return true
  }

  /// The rank and the joined id of a pair, or nil.
  package func find(_ left: Int32, _ right: Int32) -> Merge? {
    let key = Self.key(left, right)
    var slot = home(key)
    while keys[slot] != Self.vacant {
      if keys[slot] == key {
        let value = values[slot]
        return Merge(
          rank: UInt32(truncatingIfNeeded: value >> 32), joined: Int32(truncatingIfNeeded: value))
      }
      slot = (slot + 1) & mask
    }
    return nil
  }

  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  private func home(_ key: UInt64) -> Int {
    let mixed = (key ^ Self.seed) &* 0x9E37_79B9_7F4A_7C15
    let folded = (mixed ^ (mixed >> 29)) &* 0xD6E8_FEB8_6659_FD93
    return Int(truncatingIfNeeded: folded >> 32) & mask
  }
}
