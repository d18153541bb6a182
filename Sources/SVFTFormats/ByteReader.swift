// Reading foreign binary bytes front to back. Every step is checked against what is left, so that
// no length a file claims can reach memory outside it; the error names the byte.
import SVFTTensor

/// A place in foreign bytes that moves forward.
struct ByteReader {
  let bytes: UnsafeRawBufferPointer
  private(set) var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// How many bytes are left.
  var left: Int { bytes.count - position }

  /// The next `count` bytes.
  mutating func take(_ count: Int, _ what: @autoclosure () -> String) throws(SVFTError)
    -> UnsafeRawBufferPointer
  {
    guard count >= 0, count <= left else {
      throw SVFTError(
        .truncated, "\(what()): expected \(count) bytes at byte \(position), found \(left)")
    }
    let taken = UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    position += count
    return taken
  }

  /// The next little-endian integer.
  mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(
    _ type: Number.Type, _ what: @autoclosure () -> String
  ) throws(SVFTError) -> Number {
    let taken = try take(MemoryLayout<Number>.size, what())
    return Number(littleEndian: taken.loadUnaligned(as: Number.self))
  }

  /// A length or count of 64 bits that must not exceed `limit`.
  mutating func count(limit: Int, _ what: @autoclosure () -> String) throws(SVFTError) -> Int {
    let claimed = try integer(UInt64.self, what())
    guard claimed <= UInt64(limit), let count = Int(exactly: claimed) else {
      throw SVFTError(.limit, "\(what()): expected at most \(limit), found \(claimed)")
    }
    return count
  }

  /// The bytes of a string whose length of 64 bits stands before it, checked to be UTF-8.
  mutating func text(limit: Int, _ what: @autoclosure () -> String) throws(SVFTError)
    -> UnsafeRawBufferPointer
  {
    let length = try count(limit: limit, "the length of \(what())")
    let text = try take(length, what())
    if let bad = UTF8Text.firstInvalid(text) {
      throw SVFTError(
        .format,
        "\(what()): expected UTF-8, found byte \(text[bad]) at byte \(position - length + bad)")
    }
    return text
  }

  /// The string whose length of 64 bits stands before it.
  mutating func string(limit: Int, _ what: @autoclosure () -> String) throws(SVFTError) -> String {
    String(decoding: try text(limit: limit, what()), as: UTF8.self)
  }
}
