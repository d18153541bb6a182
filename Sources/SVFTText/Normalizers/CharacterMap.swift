// SentencePiece's normalisation rules in their compiled form ("precompiled_charsmap"):
//
//   4 bytes  length of the trie in bytes, little-endian
//   trie     a double array (Darts) of 32-bit units: from the written character to a place below
//   texts    what is written instead, each closed by a zero byte
//
// A unit holds the label of the byte that leads to it (bits 0-7), whether a value hangs on it
// (bit 8), and where its children are (bits 10-30, times 256 where bit 9 is set); a value has bit
// 31. No unit is trusted: a walk that leaves the array finds nothing.
import SVFTFormats
import SVFTTensor

/// Compiled rules.
struct CharacterMap: Sendable {
  private let units: [UInt32]
  private let texts: [UInt8]

  /// Reads compiled rules. Throws `.format` for lengths that do not fit.
  init(_ bytes: [UInt8], _ place: @autoclosure () -> String) throws(SVFTError) {
    func unit(_ index: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << UInt32(8 * $1) }
    }
    guard bytes.count >= 8, let size = Int(exactly: unit(0)), size >= 4, size % 4 == 0,
      size <= bytes.count - 4
    else {
      throw SVFTError(
        .format, "\(place()): expected a trie and its length, found \(bytes.count) bytes")
    }
    units = stride(from: 4, to: 4 + size, by: 4).map(unit)
    texts = Array(bytes[(4 + size)...])
  }

  /// The compiled form.
  var bytes: [UInt8] {
    func little(_ value: UInt32) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }
    return little(UInt32(truncatingIfNeeded: 4 * units.count)) + units.flatMap(little) + texts
  }

  /// What is written for the beginning of a stretch, and how many bytes of it that stands for: the
  /// longest rule that fits, or the shortest.
  func find(
    _ text: [UInt8], _ range: Range<Int>, longest: Bool
  ) -> (text: ArraySlice<UInt8>, length: Int)? {
    var place = offset(units[0])
    var found: (value: Int, length: Int)?
    for index in range {
      place ^= Int(text[index])
      guard place < units.count, units[place] & 0x8000_00FF == UInt32(text[index]) else { break }
      let unit = units[place]
      place ^= offset(unit)
      guard unit & 0x100 != 0 else { continue }
      guard place < units.count else { break }
      found = (Int(units[place] & 0x7FFF_FFFF), index + 1 - range.lowerBound)
      if !longest { break }
    }
    guard let found, found.value < texts.count else { return nil }
    let end = texts[found.value...].firstIndex(of: 0) ?? texts.count
    return (texts[found.value..<end], found.length)
  }

  private func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 0x200) >> 6) }
}

/// The rules as a stage of tokenizer.json, whose library asks them by what people see as one
/// character and, where that is long or has no rule, by Unicode's.
struct Precompiled: Normalizer {
  let map: CharacterMap

  init(_ json: JSON.Object) throws(SVFTError) {
    let place = json.place("precompiled_charsmap")
    guard let bytes = Base64.decode(Array(try json.string("precompiled_charsmap").utf8)) else {
      throw SVFTError(.format, "\(place): expected Base64, found something else")
    }
    map = try CharacterMap(bytes, place)
  }

  func normalized(_ text: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    for character in String(decoding: text, as: UTF8.self) {
      let bytes = Array(character.utf8)
      if bytes.count < 6, let found = map.find(bytes, bytes.indices, longest: false) {
        output += found.text
        continue
      }
      bytes.forEachUnit(in: bytes.indices) { index, unit in
        let range = index..<index + unit.length
        output += map.find(bytes, range, longest: false)?.text ?? bytes[range]
      }
    }
    return output
  }
}

/// SentencePiece's own normalisation: rules from left to right, the longest first; blanks.
struct SentencePieceNormalizer: Normalizer {
  let map: CharacterMap?
  /// A blank before the text.
  let addsPrefix: Bool
  /// No blanks at the ends, one of several.
  let removesExtra: Bool

  func normalized(_ text: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(text.count + 3)
    var index = 0
    while index < text.count {
      if let found = map?.find(text, index..<text.count, longest: true) {
        output += found.text
        index += found.length
      } else {
        let unit = TextUnit(text, at: index, limit: text.count)
        output.append(unit.scalar ?? "\u{FFFD}")
        index += unit.length
      }
    }
    if removesExtra { output = Self.tightened(output) }
    if addsPrefix, !output.isEmpty { output.insert(0x20, at: 0) }
    return Replace([0x20], by: Array("▁".utf8)).normalized(output)
  }

  private static func tightened(_ text: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    for byte in text where byte != 0x20 || !(output.last ?? 0x20 == 0x20) { output.append(byte) }
    if output.last == 0x20 { output.removeLast() }
    return output
  }
}
