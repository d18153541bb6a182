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
    var output: [UInt8] = []
    output.reserveCapacity(piece.count)
    var isWhole = true
    piece.forEachUnit(in: 0..<piece.count) { _, unit in
      let value = unit.scalar?.value ?? .max
      if value < 0x144, let byte = bytes[Int(value)] {
        output.append(byte)
      } else {
        isWhole = false
      }
    }
    return isWhole ? output : nil
  }

  /// The string that stands for bytes.
  package static func encode(_ bytes: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    for byte in bytes { output.append(scalars[Int(byte)]) }
    return output
  }
}
