// Words as tokens: a word that the vocabulary has is its token, any other the unknown one.
import SVFTFormats
import SVFTTensor

/// The encoder of a vocabulary of words.
struct WordLevelModel: TokenModel {
  let pieces: PieceTable
  let unknown: Int32?

  func encode(_ words: Words, into ids: inout [Int32]) {
    for word in words.ranges {
      if let id = pieces.find(words.text, word) ?? unknown { ids.append(id) }
    }
  }

  /// Reads the "WordLevel" model of tokenizer.json.
  static func build(_ description: ModelDescription) throws(SVFTError) -> BuiltModel {
    let pieces = try PieceTable(description.pieces)
    let text = try description.json.string("unk_token", default: "<unk>")
    let unknown = pieces.find(Array(text.utf8))
    return BuiltModel(
      model: WordLevelModel(pieces: pieces, unknown: unknown), unknown: unknown)
  }
}
