// Base64 (RFC 4648, section 4), as tokenizer files and data URIs write bytes in text: four
// characters are three bytes; padding may be missing.

/// Base64, both ways.
package enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  private static let values: [UInt8] = {
    var table = [UInt8](repeating: 255, count: 256)
    for (value, byte) in alphabet.enumerated() {
      table[Int(byte)] = UInt8(truncatingIfNeeded: value)
    }
    return table
  }()

  /// The text that stands for bytes, padded.
  package static func encode(_ bytes: [UInt8]) -> String {
    var output: [UInt8] = []
    output.reserveCapacity((bytes.count + 2) / 3 * 4)
    for first in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[first..<min(bytes.count, first + 3)]
      var held: UInt32 = 0
      for place in 0..<3 {
        held = held << 8 | UInt32(place < group.count ? group[first + place] : 0)
      }
      for place in 0..<4 {
        let value = Int(held >> UInt32(18 - 6 * place)) & 63
        output.append(place <= group.count ? alphabet[value] : UInt8(ascii: "="))
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// The bytes that a text stands for, or nil for one that is no Base64.
  package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    var output: [UInt8] = []
    output.reserveCapacity(text.count / 4 * 3 + 3)
    var held: UInt32 = 0
    var bits = 0
    var padding = 0
    for byte in text {
      if byte == UInt8(ascii: "=") {
        padding += 1
        continue
      }
      let value = values[Int(byte)]
      guard value < 64, padding == 0 else { return nil }
      held = held << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        output.append(UInt8(truncatingIfNeeded: held >> UInt32(bits)))
      }
    }
    // What is left over must be nothing but zeros of the last character.
    let rest = held & (1 << UInt32(bits) - 1)
    return bits < 6 && rest == 0 && padding <= 2 ? output : nil
  }
}
