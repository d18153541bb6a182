// A fast hash of many bytes, for what must be recognised as often as it is used: a model's weights
// whenever a session is restored, rows of a cache whenever they are read. SHA-256 in plain C takes
// longer for that than computing the rows again (0.4 GB/s per thread against 10 and more).
//
//   lane i of 8 takes every eighth word of 64 bits:   p = (s ⊕ word) · odd   s ← p ⊕ (p >> 32)
//   digest = SHA-256(s₀ … s₇, last bytes, length)
//
// Each step is a bijection of the word and of the lane, so a change within one word never goes
// unnoticed; several changes do by chance only. It guards against accidents, not against forgers.

/// A hash that bytes are added to.
package struct Fingerprint: Sendable {
  private var lanes = Lanes()
  /// Bytes that do not fill a block yet.
  private var tail: [UInt8] = []
  private var length = 0
  private static let block = 64

  /// The hash of nothing yet.
  package init() { tail.reserveCapacity(Self.block) }

  /// Adds bytes at the end; how they are cut into calls is no part of the hash.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    length &+= bytes.count
    var start = 0
    if !tail.isEmpty {
      start = min(Self.block - tail.count, bytes.count)
      tail.append(contentsOf: bytes[..<start])
      guard tail.count == Self.block else { return }
      lanes = tail.withUnsafeBytes { lanes.advanced($0) }
      tail.removeAll(keepingCapacity: true)
    }
    let whole = (bytes.count - start) / Self.block * Self.block
    lanes = lanes.advanced(UnsafeRawBufferPointer(rebasing: bytes[start..<start + whole]))
    tail.append(contentsOf: bytes[(start + whole)...])
  }

  /// Adds the UTF-8 bytes of a text.
  package mutating func update(_ text: String) {
    var text = text
    text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
  }

  /// The hash so far as 64 lower-case hexadecimal digits.
  package var hexadecimal: String {
    var hash = SHA256()
    lanes.words.withUnsafeBytes { hash.update($0) }
    tail.withUnsafeBytes { hash.update($0) }
    hash.update("\(length)")
    return hash.hexadecimal
  }
}

/// The eight lanes, as single variables: they stay in registers over a long run.
private struct Lanes {
  private var a: UInt64 = 1
  private var b: UInt64 = 2
  private var c: UInt64 = 3
  private var d: UInt64 = 4
  private var e: UInt64 = 5
  private var f: UInt64 = 6
  private var g: UInt64 = 7
  private var h: UInt64 = 8

  /// The golden ratio of 64 bits, which is odd.
  private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

  var words: [UInt64] { [a, b, c, d, e, f, g, h].map(\.littleEndian) }

  /// The lanes after whole blocks.
  func advanced(_ blocks: UnsafeRawBufferPointer) -> Lanes {
    var lanes = self
    for place in stride(from: 0, to: blocks.count, by: 64) {
      lanes.a = Self.mixed(lanes.a, blocks, place)
      lanes.b = Self.mixed(lanes.b, blocks, place + 8)
      lanes.c = Self.mixed(lanes.c, blocks, place + 16)
      lanes.d = Self.mixed(lanes.d, blocks, place + 24)
      lanes.e = Self.mixed(lanes.e, blocks, place + 32)
      lanes.f = Self.mixed(lanes.f, blocks, place + 40)
      lanes.g = Self.mixed(lanes.g, blocks, place + 48)
      lanes.h = Self.mixed(lanes.h, blocks, place + 56)
    }
    return lanes
  }

  @inline(__always)
  private static func mixed(
    _ state: UInt64, _ bytes: UnsafeRawBufferPointer, _ place: Int
  ) -> UInt64 {
    let word = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self).littleEndian
    let product = (state ^ word) &* factor
    return product ^ product >> 32
  }
}
