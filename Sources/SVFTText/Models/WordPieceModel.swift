// WordPiece, the tokens of BERT (Schuster, Nakajima 2012): from the left, always the longest token
// that fits; tokens inside a word carry a prefix ("##"). A word with a part that fits nothing is
// unknown as a whole.
//
// One walk over the letters of a candidate folds its hash up, so a word costs its length times the
// longest token at most.

import SVFTFormats
import SVFTTensor

/// The WordPiece encoder for one vocabulary.
struct WordPieceModel: TokenModel {
  /// Words of more characters than this are unknown.
  let longestWord: Int
  private let pieces: PieceTable
  private let unknown: Int32
  private let prefix: [UInt8]
  private let prefixHash: UInt64

  init(_ pieces: PieceTable, unknown: Int32, prefix: [UInt8], longestWord: Int) {
    self.pieces = pieces
    self.unknown = unknown
    self.prefix = prefix
    self.longestWord = longestWord
    prefixHash = prefix.reduce(PieceTable.emptyHash, PieceTable.fold)
  }

  func encode(_ words: Words, into ids: inout [Int32]) {
    for word in words.ranges { encode(words.text, word, into: &ids) }
  }

  private func encode(_ text: [UInt8], _ word: Range<Int>, into ids: inout [Int32]) {
    let before = ids.count
    var start = word.lowerBound
    var isFitting = characters(text, word) <= longestWord
    while isFitting, start < word.upperBound {
      if let (id, end) = longest(text, start..<word.upperBound, inside: start > word.lowerBound) {
        ids.append(id)
        start = end
      } else {
        isFitting = false
      }
    }
    if !isFitting {
      ids.removeLast(ids.count - before)
      ids.append(unknown)
    }
  }

  /// The longest token at the beginning of a stretch, and where it ends.
  private func longest(_ text: [UInt8], _ range: Range<Int>, inside: Bool) -> (Int32, Int)? {
    let taken = inside ? prefix.count : 0
    guard pieces.longest > taken else { return nil }
    var hash = inside ? prefixHash : PieceTable.emptyHash
    var candidate = inside ? prefix : []
    var found: (Int32, Int)?
    let limit = min(range.upperBound, range.lowerBound + pieces.longest - taken)
    for index in range.lowerBound..<limit {
      hash = PieceTable.fold(hash, text[index])
      candidate.append(text[index])
      let end = index + 1
      // A character is not cut in two.
      if end < text.count, text[end] & 0xC0 == 0x80 { continue }
      if let id = pieces.find(candidate, 0..<candidate.count, hash) { found = (id, end) }
    }
    return found
  }

  private func characters(_ text: [UInt8], _ word: Range<Int>) -> Int {
    word.reduce(0) { text[$1] & 0xC0 == 0x80 ? $0 : $0 + 1 }
  }
}

extension WordPieceModel {
  /// Reads the "WordPiece" model of tokenizer.json.
  static func build(_ description: ModelDescription) throws(SVFTError) -> BuiltModel {
    let json = description.json
    let pieces = try PieceTable(description.pieces)
    let text = try json.string("unk_token", default: "[UNK]")
    guard let unknown = pieces.find(Array(text.utf8)) else {
      throw SVFTError(.format, "\(json.place("unk_token")): “\(text)” is no token")
    }
    // The bound keeps hostile vocabularies from making the search quadratic.
    let place = json.place("max_input_chars_per_word")
    let longestWord = try Checked.within(
      try json.int("max_input_chars_per_word", default: 100), 1...1000, place, kind: .format)
    let prefix = Array(try json.string("continuing_subword_prefix", default: "##").utf8)
    let model = WordPieceModel(
      pieces, unknown: unknown, prefix: prefix, longestWord: longestWord)
    let isBert = prefix == Array("##".utf8)
    return BuiltModel(model: model, unknown: unknown, kind: isBert ? .bert : nil)
  }
}
