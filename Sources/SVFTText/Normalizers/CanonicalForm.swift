// Unicode normalisation forms C and D.
//
// Written over single characters' decompositions instead of the standard library's whole-string
// forms, so that the order of a million combining marks is one sort of a million.
@_spi(_Unicode) import Swift

/// NFC or NFD.
struct CanonicalForm: Normalizer {
  let composes: Bool

  func normalized(_ text: [UInt8]) -> [UInt8] {
    if text.allSatisfy({ $0 < 0x80 }) { return text }
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    let repaired = String(decoding: text, as: UTF8.self)
    if composes {
      for scalar in repaired._nfc { output.append(scalar) }
    } else {
      for scalar in repaired._nfd { output.append(scalar) }
    }
    return output
  }
}

/// Puts characters into canonical order: those with a combining class are held back and sorted,
/// stably, until one without comes.
struct CanonicalOrder {
  private var held: [(rank: UInt64, scalar: Unicode.Scalar)] = []

  /// Takes the full decomposition of a character and passes on what is in order.
  mutating func append(_ scalar: Unicode.Scalar, _ emit: (Unicode.Scalar) -> Void) {
    switch scalar.value {
    case 0..<0xC0, 0x3400...0x9FFF:
      flush(emit)
      emit(scalar)
      return
    case 0xAC00...0xD7A3:
      flush(emit)
      Self.decompose(syllable: scalar.value - 0xAC00, emit)
      return
    default: break
    }
    for part in String(scalar)._nfd {
      let combining = part.properties.canonicalCombiningClass.rawValue
      if combining == 0 {
        flush(emit)
        emit(part)
      } else {
        held.append((UInt64(combining) << 32 | UInt64(held.count), part))
      }
    }
  }

  /// A Hangul syllable by its number: the arithmetic of The Unicode Standard, 3.12.
  private static func decompose(syllable: UInt32, _ emit: (Unicode.Scalar) -> Void) {
    let (leading, vowel, trailing) = (syllable / 588, syllable % 588 / 28, syllable % 28)
    for value in [0x1100 + leading, 0x1161 + vowel, trailing == 0 ? 0 : 0x11A7 + trailing]
    where value != 0 {
      if let letter = Unicode.Scalar(value) { emit(letter) }
    }
  }

  /// Passes on what was held back.
  mutating func flush(_ emit: (Unicode.Scalar) -> Void) {
    if held.isEmpty { return }
    if held.count > 1 { held.sort { $0.rank < $1.rank } }
    for item in held { emit(item.scalar) }
    held.removeAll(keepingCapacity: true)
  }
}
