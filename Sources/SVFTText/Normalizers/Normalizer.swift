// What happens to the text before it is cut: the stages of tokenizer.json's "normalizer", by their
// type names in `Normalizers.all`. A stage is a few lines here or a file beside this one.
//
// Stages work on bytes. Those that need Unicode take every byte outside well-formed UTF-8 as
// U+FFFD.
import SVFTFormats
import SVFTTensor

/// One stage of normalisation.
protocol Normalizer: Sendable {
  /// The text as the next stage sees it.
  func normalized(_ text: [UInt8]) -> [UInt8]
}

/// The known stages, by the name in tokenizer.json.
enum Normalizers {
  static let all: StageRegistry<any Normalizer> = [
    "Prepend": { json throws(SVFTError) in [Prepend(bytes: Array(try json.string("prepend").utf8))]
    },
    "Append": { json throws(SVFTError) in [Append(bytes: Array(try json.string("append").utf8))]
    },
    "Replace": { json throws(SVFTError) in [try replacement(json)] },
    "Lowercase": { _ throws(SVFTError) in [Lowercase()] },
    "Strip": { json throws(SVFTError) in
      [
        StripSpace(
          left: try json.bool("strip_left", default: true),
          right: try json.bool("strip_right", default: true))
      ]
    },
    "NFC": { _ throws(SVFTError) in [CanonicalForm(composes: true)] },
    "NFKC": { _ throws(SVFTError) in [CanonicalForm(composes: true, isCompatible: true)] },
    "NFKD": { _ throws(SVFTError) in [CanonicalForm(composes: false, isCompatible: true)] },
    "NFD": { _ throws(SVFTError) in [CanonicalForm(composes: false)] },
    "StripAccents": { _ throws(SVFTError) in [StripMarks()] },
    "Nmt": { _ throws(SVFTError) in [MachineTranslation()] },
    "ByteLevel": { _ throws(SVFTError) in [BytesAsLetters()] },
    "Precompiled": { json throws(SVFTError) in [try Precompiled(json)] },
    "BertNormalizer": { json throws(SVFTError) in [try BertNormalizer(json)] },
  ]
}

extension Normalizers {
  /// The stage of a "Replace": a fixed string, or one of the known expressions.
  private static func replacement(_ json: JSON.Object) throws(SVFTError) -> any Normalizer {
    let pattern = try json.object("pattern")
    guard pattern.has("Regex") else { return try Replace(json) }
    let expression = try pattern.string("Regex")
    guard let run = RunReplace.all[expression] else {
      throw SVFTError(
        .unsupported, "\(json.place("pattern")): the Regex \(expression) is not known")
    }
    return RunReplace(
      takesAllSpace: run.takesAllSpace, least: run.least,
      content: Array(try json.string("content").utf8))
  }
}

/// Puts fixed bytes before a text that is not empty.
struct Prepend: Normalizer {
  let bytes: [UInt8]

  func normalized(_ text: [UInt8]) -> [UInt8] { text.isEmpty ? text : bytes + text }
}

/// Replaces each occurrence of one string by another: a stage of normalisation and of decoding.
struct Replace: Normalizer, PieceDecoder {
  let pattern: [UInt8]
  let content: [UInt8]

  init(_ pattern: [UInt8], by content: [UInt8]) {
    self.pattern = pattern
    self.content = content
  }

  init(_ json: JSON.Object) throws(SVFTError) {
    let pattern = try json.object("pattern")
    guard pattern.has("String") else {
      throw SVFTError(
        .unsupported, "\(json.place("pattern")): only a fixed String can be replaced, no Regex")
    }
    self.init(Array(try pattern.string("String").utf8), by: Array(try json.string("content").utf8))
    // The bound keeps a search linear in the text.
    _ = try Checked.within(
      self.pattern.count, 1...64, "\(json.place("pattern")): length in bytes", kind: .format)
  }

  func normalized(_ text: [UInt8]) -> [UInt8] {
    guard let first = pattern.first, text.contains(first) else { return text }
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      if text[index] == first, text[index...].starts(with: pattern) {
        output.append(contentsOf: content)
        index += pattern.count
      } else {
        output.append(text[index])
        index += 1
      }
    }
    return output
  }

  func decode(_ piece: [UInt8], _ place: PiecePlace) -> [UInt8] { normalized(piece) }
}

/// Every character by its lower-case mapping, without regard to its neighbours.
struct Lowercase: Normalizer {
  func normalized(_ text: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    text.forEachUnit(in: 0..<text.count) { _, unit in
      let scalar = unit.scalar ?? "\u{FFFD}"
      output.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
    }
    return output
  }
}

/// Takes White_Space off the ends.
struct StripSpace: Normalizer {
  let left: Bool
  let right: Bool

  func normalized(_ text: [UInt8]) -> [UInt8] {
    var first = text.count
    var end = 0
    text.forEachUnit(in: 0..<text.count) { index, unit in
      if unit.kind == .space { return }
      first = min(first, index)
      end = index + unit.length
    }
    if end == 0 { return left || right ? [] : text }
    return Array(text[(left ? first : 0)..<(right ? end : text.count)])
  }
}
