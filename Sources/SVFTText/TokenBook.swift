// The list of tokens behind a tokenizer: spellings, added tokens, roles, types – and what a writer
// needs to put the same vocabulary into a file again (`TokenizerVocabulary`).
import SVFTTensor

/// The tokens of one vocabulary by id.
struct TokenBook: Sendable {
  /// Spellings, as the tokenizer's decoders expect them.
  let pieces: PieceTable
  /// The tokens sought in text before the model.
  let added: [AddedToken]
  /// The ids with a role.
  let special: SpecialTokens
  /// The same vocabulary in GGUF's terms, or the reason why it has none.
  let exported: @Sendable () throws(SVFTError) -> TokenizerVocabulary
  private let traits: [UInt8]

  private static let control: UInt8 = 1
  private static let literal: UInt8 = 2

  /// Throws `.format` where an id lies outside the vocabulary.
  init(
    pieces: PieceTable, added: [AddedToken], special: SpecialTokens,
    exported: @escaping @Sendable () throws(SVFTError) -> TokenizerVocabulary
  ) throws(SVFTError) {
    try special.validate(count: pieces.count)
    var traits = [UInt8](repeating: 0, count: pieces.count)
    for token in added {
      guard token.id >= 0, token.id < pieces.count else {
        throw SVFTError(
          .format, "added token: expected an id below \(pieces.count), found \(token.id)")
      }
      traits[Int(token.id)] = Self.literal | (token.isSpecial ? Self.control : 0)
    }
    self.pieces = pieces
    self.added = added
    self.special = special
    self.exported = exported
    self.traits = traits
  }

  /// How many tokens there are.
  var count: Int { pieces.count }

  /// The id of a spelling, or nil.
  func id(of text: [UInt8]) -> Int32? { pieces.find(text) }

  /// Whether the token is a control token.
  func isSpecial(_ id: Int32) -> Bool { trait(id) & Self.control != 0 }

  /// Whether the token's text means itself.
  func isLiteral(_ id: Int32) -> Bool { trait(id) & Self.literal != 0 }

  private func trait(_ id: Int32) -> UInt8 {
    id >= 0 && id < count ? traits[Int(id)] : 0
  }
}
