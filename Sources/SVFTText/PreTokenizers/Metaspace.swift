// SentencePiece's convention as stages of tokenizer.json: blanks become "▁", one is put in front,
// and words begin at each; the decoder turns them back.
import SVFTFormats
import SVFTTensor

/// Blanks as a visible character.
struct Metaspace: PreTokenizer, PieceDecoder {
  /// Which texts get a marker in front.
  enum Prepending: String {
    case always, first, never
  }

  let replacement: [UInt8]
  let prepending: Prepending
  let splits: Bool

  init(_ json: JSON.Object) throws(SVFTError) {
    replacement = Array(try json.string("replacement", default: "▁").utf8)
    _ = try Checked.within(
      replacement.count, 1...4, "\(json.place("replacement")): length in bytes", kind: .format)
    // Files from before the scheme had a name say it with a truth value.
    let isPrefixed = try json.bool("add_prefix_space", default: true)
    let scheme = try json.string("prepend_scheme", default: isPrefixed ? "always" : "never")
    guard let prepending = Prepending(rawValue: scheme) else {
      throw SVFTError(.unsupported, "\(json.place("prepend_scheme")): \(scheme) is not known")
    }
    self.prepending = prepending
    splits = try json.bool("split", default: true)
  }

  func split(_ words: inout Words) {
    // "First" is what stands at the very beginning, not what is left behind something.
    let isFirst = words.isFirst && words.ranges.first?.lowerBound == 0
    var isStart = true
    words.rewrite { word, output in
      let begins = word.first == 0x20 || word.starts(with: replacement)
      if !begins, prepending == .always || prepending == .first && isFirst && isStart {
        output.append(contentsOf: replacement)
      }
      isStart = false
      for byte in word {
        if byte == 0x20 { output.append(contentsOf: replacement) } else { output.append(byte) }
      }
    }
    if splits { words.cut(end) }
  }

  /// The next marker after the one, or none, that the word begins with.
  private func end(_ text: [UInt8], _ start: Int, _ limit: Int) -> Int {
    var index = start + 1
    while index < limit {
      if text[index] == replacement[0], text[index..<limit].starts(with: replacement) { break }
      index += 1
    }
    return index
  }

  func decode(_ piece: [UInt8], _ place: PiecePlace) -> [UInt8] {
    // Of the first token all markers go.
    let isDropped = place.isFirst && prepending != .never
    return Replace(replacement, by: isDropped ? [] : [0x20]).normalized(piece)
  }
}

/// A marker before what stands at the very beginning of a text, and before nothing that stands
/// behind an added token.
struct FirstMarker: PreTokenizer {
  let marker: [UInt8]

  func split(_ words: inout Words) {
    guard words.isFirst, words.ranges.first?.lowerBound == 0 else { return }
    var isStart = true
    words.rewrite { word, output in
      if isStart { output.append(contentsOf: marker) }
      isStart = false
      output.append(contentsOf: word)
    }
  }
}
