// GPT-2's way to write bytes as printable characters in a vocabulary: visible Latin-1 stands for
// itself, the other 68 bytes for the characters from U+0100 on.

/// The map between bytes and the characters that stand for them.
package enum ByteAlphabet {
  /// The character of each byte.
  package static let scalars: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0..<256).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(UInt8(byte))
      default:
        next += 1
        return Unicode.Scalar(next - 1) ?? " "
      }
    }
  }()

  private static let bytes: [UInt8?] = {
    var table = [UInt8?](repeating: nil, count: 0x144)
    for (byte, scalar) in scalars.enumerated() {
      table[Int(scalar.value)] = UInt8(truncatingIfNeeded: byte)
    }
    return table
  }()

  /// The bytes that a vocabulary's string stands for; nil if a character is outside the alphabet.
  package static func decode(_ piece: [UInt8]) -> [UInt8]? {
    // Most of a vocabulary stands for itself.
    if piece.allSatisfy({ 0x21...0x7E ~= $0 }) { return piece }
    var output: [UInt8] = []
    output.reserveCapacity(piece.count)
    return append(piece[...], to: &output) ? output : nil
  }

  /// Appends the bytes that a vocabulary's string stands for; false, with some of them, if a
  /// character is outside the alphabet.
  static func append(_ piece: ArraySlice<UInt8>, to output: inout [UInt8]) -> Bool {
    let table = bytes
    var index = piece.startIndex
    while index < piece.endIndex {
      var value = Int(piece[index])
      index += 1
      if value >= 0x80 {
        // The alphabet ends within the characters of two bytes.
        guard 0xC2...0xC5 ~= value, index < piece.endIndex, piece[index] & 0xC0 == 0x80 else {
          return false
        }
        value = (value & 0x1F) << 6 | Int(piece[index] & 0x3F)
        index += 1
      }
      guard value < table.count, let byte = table[value] else { return false }
      output.append(byte)
    }
    return true
  }

  /// The string that stands for bytes.
  package static func encode(_ bytes: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    for byte in bytes { output.append(scalars[Int(byte)]) }
    return output
  }
}
