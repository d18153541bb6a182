// The list of tokens behind a tokenizer: spellings, added tokens, roles, types – and what a writer
// needs to put the same vocabulary into a file again (`TokenizerVocabulary`).
import SVFTTensor

/// The tokens of one vocabulary by id.
///
/// An id may be vacant: the model has a row for it, but no token means it.
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
  private static let vacant: UInt8 = 4

  /// Throws `.format` where an id lies outside the vocabulary.
  init(
    pieces: PieceTable, vacant: [Int32] = [], added: [AddedToken], special: SpecialTokens,
    exported: @escaping @Sendable () throws(SVFTError) -> TokenizerVocabulary
  ) throws(SVFTError) {
    try special.validate(count: pieces.count)
    var traits = [UInt8](repeating: 0, count: pieces.count)
    for id in vacant where id >= 0 && id < pieces.count { traits[Int(id)] = Self.vacant }
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

  /// Whether no token has the id.
  func isVacant(_ id: Int32) -> Bool { trait(id) & Self.vacant != 0 }

  /// The ids that are not vacant: all below a number but for a few, in rising order.
  var meaningful: (below: Int, except: [Int32]) {
    let end = traits.lastIndex { $0 & Self.vacant == 0 }.map { $0 + 1 } ?? 0
    let except = (0..<end).filter { traits[$0] & Self.vacant != 0 }
    return (end, except.map { Int32(truncatingIfNeeded: $0) })
  }

  private func trait(_ id: Int32) -> UInt8 {
    id >= 0 && id < count ? traits[Int(id)] : 0
  }
}
