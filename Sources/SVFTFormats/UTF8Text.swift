// Foreign bytes that claim to be UTF-8: checked once as a whole, with the place of the first bad
// byte, so that nothing downstream is silently repaired. Overlong forms, surrogates and code points
// beyond U+10FFFF are refused (RFC 3629).

/// Checks on UTF-8 bytes.
package enum UTF8Text {
  /// The offset of the first byte that is not part of well-formed UTF-8, or nil.
  package static func firstInvalid(_ bytes: UnsafeRawBufferPointer) -> Int? {
    let count = bytes.count
    var place = 0
    while place < count {
      // Eight ASCII bytes at a time: model files are nearly all ASCII.
      while place &+ 8 <= count,
        bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
      {
        place &+= 8
      }
      if place >= count { return nil }
      let lead = bytes[place]
      if lead < 0x80 {
        place &+= 1
        continue
      }
      let length = sequenceLength(bytes, at: place, lead: lead)
      if length == 0 { return place }
      place &+= length
    }
    return nil
  }

  /// The text of checked bytes, or nil where they are not UTF-8.
  package static func string(_ bytes: UnsafeRawBufferPointer) -> String? {
    firstInvalid(bytes) == nil ? String(decoding: bytes, as: UTF8.self) : nil
  }

  /// Length of the multi-byte sequence at `place`; 0 where it is malformed.
  private static func sequenceLength(
    _ bytes: UnsafeRawBufferPointer, at place: Int, lead: UInt8
  ) -> Int {
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch lead {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: length = 4
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: return 0
    }
    guard place &+ length <= bytes.count, second.contains(bytes[place &+ 1]) else { return 0 }
    for next in 2..<max(2, length) where bytes[place &+ next] & 0xC0 != 0x80 { return 0 }
    return length
  }
}
