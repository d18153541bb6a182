// Text to token ids and back. A tokenizer is a line of stages – added tokens, normalisers,
// cutters, model, template; decoders on the way back – that a loader (Loaders/) puts together from
// tokenizer.json or from GGUF metadata; nothing here knows of either.
//
// Text is bytes. Bytes outside well-formed UTF-8 are kept by byte-level tokenizers and by those
// with byte tokens, and become U+FFFD where a stage needs Unicode. Decoding and streams:
// Tokenizer+Decoding.swift.
package import SVFTTensor

/// A tokenizer.
///
/// Immutable: any number of threads may use one.
package final class Tokenizer: Sendable {
  /// What loaders put together.
  struct Stages: Sendable {
    var normalizers: [any Normalizer] = []
    var preTokenizers: [any PreTokenizer] = []
    var model: any TokenModel
    var template = SegmentTemplate()
    var decoders: [any PieceDecoder] = []
  }

  /// Texts above this many bytes are refused: positions are 32 bits, and memory grows with them.
  package static let longestText = 1 << 28

  /// The vocabulary, in the spelling of its file.
  let book: TokenBook
  let stages: Stages
  let matchers: [AddedTokenMatcher]
  /// Why texts cannot be encoded; nil where they can.
  private let absence: String?

  /// Whether there is none: ids are all that a model is given, and have no text.
  package var isAbsent: Bool { absence != nil }

  /// What stands for the tokenizer of a model without one, at `path`, that has `count` ids.
  package static func absent(_ count: Int, at path: String) throws(SVFTError) -> Tokenizer {
    let pieces = try PieceTable([[UInt8]?](repeating: nil, count: count))
    let book = try TokenBook(pieces: pieces, added: [], special: SpecialTokens()) {
      () throws(SVFTError) in
      throw SVFTError(.unsupported, "\(path): expected a tokenizer to write, found none")
    }
    return try Tokenizer(
      book, Stages(model: WordLevelModel(pieces: pieces, unknown: nil)),
      absence: "\(path): expected a tokenizer for texts, found none: give ids")
  }

  /// Throws `.format` where the template or an added token names no token of the vocabulary.
  init(_ book: TokenBook, _ stages: Stages, absence: String? = nil) throws(SVFTError) {
    self.absence = absence
    for id in stages.template.specialIDs where id < 0 || id >= book.count {
      throw SVFTError(
        .format, "special tokens around a text: expected ids below \(book.count), found \(id)")
    }
    self.book = book
    self.stages = stages
    meaningful = book.meaningful
    let added = Self.sought(book.added, stages.normalizers)
    var matchers: [AddedTokenMatcher] = []
    for (normalized, special) in [(false, false), (false, true), (true, false), (true, true)] {
      matchers.append(
        try AddedTokenMatcher(
          added.filter { $0.isNormalized == normalized && (special || !$0.isSpecial) }))
    }
    self.matchers = matchers
  }

  /// Added tokens as they stand in the text they are sought in: those sought behind the normalisers
  /// are normalised too, and one of which nothing is left is never found.
  private static func sought(
    _ added: [AddedToken], _ normalizers: [any Normalizer]
  ) -> [AddedToken] {
    added.compactMap { token in
      guard token.isNormalized, !token.content.isEmpty else { return token }
      var token = token
      for normalizer in normalizers { token.content = normalizer.normalized(token.content) }
      return token.content.isEmpty ? nil : token
    }
  }

  /// How many ids there are; some may be vacant.
  package var vocabularySize: Int { book.count }

  /// The ids that mean something, as all below a number but for a few: a model may have rows for
  /// more. What is none of them decodes to nothing and is never to be chosen.
  package let meaningful: (below: Int, except: [Int32])

  /// The ids of the tokens with a role.
  package var special: SpecialTokens { book.special }

  /// Whether a token is a control token, left out of decoded text on request.
  package func isSpecial(_ id: Int32) -> Bool { book.isSpecial(id) }

  /// The id of the token spelled `text` in the vocabulary's own file, or nil.
  package func id(of text: String) -> Int32? { book.id(of: Array(text.utf8)) }

  /// The token ids of a text.
  ///
  /// - Parameters:
  ///   - addSpecial: puts bos, eos, [CLS], [SEP] around it as the vocabulary wants.
  ///   - parseSpecial: lets the text write control tokens such as `<s>`. Never for text from users.
  ///
  /// Throws `.limit` for a text above `longestText`.
  package func encode(
    _ text: String, addSpecial: Bool = true, parseSpecial: Bool = false
  ) throws(SVFTError) -> [Int32] {
    try encode(bytes: Array(text.utf8), addSpecial: addSpecial, parseSpecial: parseSpecial)
  }

  /// The token ids of bytes, which need not be UTF-8.
  package func encode(
    bytes: [UInt8], addSpecial: Bool = true, parseSpecial: Bool = false
  ) throws(SVFTError) -> [Int32] {
    let ids = try plainIDs(bytes, Sought(parseSpecial))
    return addSpecial ? stages.template.encoding(ids).ids : ids
  }

  /// The token ids and segments of one text or of a pair, with the special tokens around them.
  ///
  /// Where they are more than `limit`, the longer text is cut first; the special tokens stay.
  package func encodePair(
    _ first: String, _ second: String?, limit: Int = .max, parseSpecial: Bool = false
  ) throws(SVFTError) -> Encoding {
    let first = try plainIDs(Array(first.utf8), Sought(parseSpecial))
    guard let second else { return stages.template.encoding(first, within: limit) }
    return stages.template.encoding(
      first, try plainIDs(Array(second.utf8), Sought(parseSpecial)), within: limit)
  }

  /// The ids of one stretch of a text that is put together from stretches and tokens: nothing
  /// around it, no control token in it.
  ///
  /// - Parameters:
  ///   - first: whether the stretch begins the text.
  ///   - added: whether added tokens that are no control tokens are sought; without, the model
  ///     alone cuts the stretch.
  package func encode(
    stretch: String, first: Bool, added: Bool = true
  ) throws(SVFTError) -> [Int32] {
    try plainIDs(Array(stretch.utf8), added ? .literal : .nothing, isFirst: first)
  }

  /// The ids of a stretch in which control tokens are sought too where `special` says so.
  package func encode(
    stretch: String, first: Bool, special: Bool
  ) throws(SVFTError) -> [Int32] {
    try plainIDs(Array(stretch.utf8), Sought(special), isFirst: first)
  }

  /// The special tokens that the vocabulary wants before and after a text.
  package var around: (before: [Int32], after: [Int32]) { stages.template.around }

  /// Which added tokens are sought in a text.
  enum Sought {
    case nothing, literal, all

    init(_ parseSpecial: Bool) { self = parseSpecial ? .all : .literal }
  }

  /// A text cut at the added tokens that are sought in it, before or after normalising.
  private func parts(
    _ text: [UInt8], _ sought: Sought, normalized: Bool
  ) -> [AddedTokenMatcher.Part] {
    switch sought {
    case .nothing: text.isEmpty ? [] : [.text(text.indices)]
    case .literal: matchers[normalized ? 2 : 0].parts(text)
    case .all: matchers[normalized ? 3 : 1].parts(text)
    }
  }

  /// Throws `.limit` for a text above `longestText`, `.unsupported` where texts are nothing.
  func checkLength(_ text: [UInt8]) throws(SVFTError) {
    try requireTexts()
    guard text.count <= Self.longestText else {
      throw SVFTError(
        .limit, "text: expected at most \(Self.longestText) bytes, found \(text.count)")
    }
  }

  /// Throws `.unsupported` where texts are nothing.
  package func requireTexts() throws(SVFTError) {
    if let absence { throw SVFTError(.unsupported, absence) }
  }

  /// The ids of a text alone.
  private func plainIDs(
    _ text: [UInt8], _ sought: Sought, isFirst: Bool = true
  ) throws(SVFTError) -> [Int32] {
    try checkLength(text)
    var ids: [Int32] = []
    for part in parts(text, sought, normalized: false) {
      switch part {
      case .token(let id, _): ids.append(id)
      case .text(let range):
        let begins = isFirst && range.lowerBound == 0
        try encode(Array(text[range]), sought, isFirst: begins, into: &ids)
      }
    }
    return ids
  }

  /// A stretch without added tokens: normalised, searched again, cut, and given to the model.
  func encode(
    _ text: [UInt8], _ sought: Sought, isFirst: Bool, into ids: inout [Int32]
  ) throws(SVFTError) {
    var stretch = text
    for normalizer in stages.normalizers { stretch = normalizer.normalized(stretch) }
    // Decomposition makes a text longer, at worst tenfold; positions must still fit.
    guard stretch.count < Int(Int32.max) else {
      throw SVFTError(.limit, "text: \(stretch.count) bytes after normalisation are beyond 31 bits")
    }
    for part in parts(stretch, sought, normalized: true) {
      switch part {
      case .token(let id, _): ids.append(id)
      case .text(let inner):
        let isWhole = inner.count == stretch.count
        var words = Words(
          isWhole ? stretch : Array(stretch[inner]),
          isFirst: isFirst && inner.lowerBound == 0)
        for preTokenizer in stages.preTokenizers { preTokenizer.split(&words) }
        stages.model.encode(words, into: &ids)
      }
    }
  }
}
