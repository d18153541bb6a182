// Byte strings numbered from 0 and found by content: open addressing over one arena of bytes, so
// that a vocabulary of 128,000 pieces is three arrays and a lookup allocates nothing.
//
// The hash is seeded per process, because the strings come from files: nobody can choose colliding
// ones. Invariant: at most half of the slots are taken, so every probe ends.
package import SVFTTensor

/// An immutable map from byte strings to their numbers, and back.
package struct PieceTable: Sendable {
  private static let seed = UInt64.random(in: .min ... .max)
  private static let vacant: Int32 = -1

  private var bytes: [UInt8] = []
  private var ends: [Int] = [0]
  private var slots: [Int32]
  private let mask: Int
  /// The length in bytes of the longest findable string.
  package private(set) var longest = 0

  /// Numbers `pieces` in order; nil takes a number but cannot be found.
  ///
  /// Throws `.format` for two equal strings and `.limit` beyond 2³⁰ of them.
  package init(_ pieces: [[UInt8]?]) throws(SVFTError) {
    let count = try Checked.within(pieces.count, 0...(1 << 30), "tokens", kind: .limit)
    var capacity = 16
    while capacity < count * 2 { capacity *= 2 }
    slots = [Int32](repeating: Self.vacant, count: capacity)
    mask = capacity - 1
    ends.reserveCapacity(count + 1)
    bytes.reserveCapacity(pieces.reduce(0) { $0 &+ ($1?.count ?? 0) })
    for (number, piece) in pieces.enumerated() {
      if let piece { try insert(piece, number) }
      if let piece { bytes.append(contentsOf: piece) }
      ends.append(bytes.count)
    }
  }

  private mutating func insert(_ piece: [UInt8], _ number: Int) throws(SVFTError) {
    longest = max(longest, piece.count)
    var slot = Self.finish(Self.hash(piece, 0..<piece.count)) & mask
    while slots[slot] != Self.vacant {
      if matches(slots[slot], piece, 0..<piece.count) {
        let text = String(decoding: piece, as: UTF8.self)
        throw SVFTError(
          .format,
          "vocabulary: expected distinct tokens, found “\(text)” as \(slots[slot]) and \(number)")
      }
      slot = (slot + 1) & mask
    }
    slots[slot] = Int32(truncatingIfNeeded: number)
  }

  /// How many numbers are taken.
  package var count: Int { ends.count - 1 }

  /// The bytes of string `number`; empty for a number that is not taken.
  package subscript(number: Int) -> [UInt8] {
    guard number >= 0, number < count else { return [] }
    return [UInt8](bytes[ends[number]..<ends[number + 1]])
  }

  /// One byte of string `number`, -1 behind its end.
  func byte(_ number: Int, at offset: Int) -> Int {
    let place = ends[number] + offset
    return place < ends[number + 1] ? Int(bytes[place]) : -1
  }

  /// The number of the string `text[range]`, or nil.
  package func find(_ text: [UInt8], _ range: Range<Int>) -> Int32? {
    if range.count > longest { return nil }
    return find(text, range, Self.hash(text, range))
  }

  /// As `find`, with the hash of the range already folded up by the caller.
  package func find(_ text: [UInt8], _ range: Range<Int>, _ hash: UInt64) -> Int32? {
    var slot = Self.finish(hash) & mask
    while slots[slot] != Self.vacant {
      if matches(slots[slot], text, range) { return slots[slot] }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// The number of a whole string, or nil.
  package func find(_ text: [UInt8]) -> Int32? { find(text, 0..<text.count) }

  private func matches(_ number: Int32, _ text: [UInt8], _ range: Range<Int>) -> Bool {
    let start = ends[Int(number)]
    guard ends[Int(number) + 1] - start == range.count else { return false }
    var offset = start
    for index in range {
      if bytes[offset] != text[index] { return false }
      offset += 1
    }
    return true
  }

  /// The hash of nothing, from which `fold` goes on.
  package static var emptyHash: UInt64 { seed }

  /// The hash of a string with one more byte at its end.
  package static func fold(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
    (hash ^ UInt64(byte)) &* 0x9E37_79B9_7F4A_7C15 ^ (hash >> 29)
  }

  private static func hash(_ text: [UInt8], _ range: Range<Int>) -> UInt64 {
    var hash = seed
    for index in range { hash = fold(hash, text[index]) }
    return hash
  }

  private static func finish(_ hash: UInt64) -> Int {
    let mixed = (hash ^ (hash >> 32)) &* 0xD6E8_FEB8_6659_FD93
    return Int(truncatingIfNeeded: mixed >> 32)
  }
}
