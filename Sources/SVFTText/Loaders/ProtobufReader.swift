// Foreign protocol buffers, field by field: a key (number of the field times 8 plus how it is
// written), then the value. Lengths are checked against what is left; groups, which nobody writes
// any more, are refused.
//
//   0 integer in groups of 7 bits · 1 eight bytes · 2 a length and as many bytes · 5 four bytes
import SVFTTensor

/// A place in a message that moves forward.
struct ProtobufReader {
  /// The value of a field.
  enum Value {
    case integer(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    case bytes(Range<Int>)
  }

  let bytes: [UInt8]
  private var position: Int
  private let end: Int

  /// A reader of a whole message, or of the part of one that is a message itself.
  init(_ bytes: [UInt8], _ range: Range<Int>? = nil) {
    self.bytes = bytes
    position = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
  }

  /// The next field, nil at the end. Throws `.truncated` and `.format` with the byte.
  mutating func next() throws(SVFTError) -> (field: Int, value: Value)? {
    guard position < end else { return nil }
    let start = position
    let key = try integer()
    guard let field = Int(exactly: key >> 3), field > 0, field < 1 << 29 else {
      throw SVFTError(.format, "byte \(start): expected the number of a field, found \(key >> 3)")
    }
    switch key & 7 {
    case 0: return (field, .integer(try integer()))
    case 1: return (field, .fixed64(try fixed(8)))
    case 2:
      let length = try integer()
      guard length <= UInt64(end - position), let count = Int(exactly: length) else {
        throw SVFTError(
          .truncated, "byte \(position): expected \(length) bytes, found \(end - position)")
      }
      position += count
      return (field, .bytes(position - count..<position))
    case 5: return (field, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
    default: throw SVFTError(.format, "byte \(start): expected a field, found kind \(key & 7)")
    }
  }

  private mutating func integer() throws(SVFTError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard position < end else {
        throw SVFTError(.truncated, "byte \(position): expected an integer, found the end")
      }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw SVFTError(.format, "byte \(position): expected an integer of at most ten bytes")
  }

  private mutating func fixed(_ count: Int) throws(SVFTError) -> UInt64 {
    guard end - position >= count else {
      throw SVFTError(
        .truncated, "byte \(position): expected \(count) bytes, found \(end - position)")
    }
    position += count
    return (1...count).reduce(0) { $0 << 8 | UInt64(bytes[position - $1]) }
  }
}
