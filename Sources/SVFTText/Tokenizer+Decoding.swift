// Token ids to text. Every token is decoded on its own, so a stream says the same as the whole;
// only the cutting of bytes into complete characters is the stream's.
package import SVFTTensor

extension Tokenizer {
  /// The text of token ids.
  ///
  /// Bytes that are no UTF-8 become U+FFFD.
  ///
  /// Throws `.invalidArgument` for an id outside the vocabulary.
  package func decode(
    _ ids: [Int32], skipSpecial: Bool = true
  ) throws(SVFTError) -> String {
    String(decoding: try decodedBytes(ids, skipSpecial: skipSpecial), as: UTF8.self)
  }

  /// The bytes of token ids, as they are.
  package func decodedBytes(
    _ ids: [Int32], skipSpecial: Bool = true
  ) throws(SVFTError) -> [UInt8] {
    var output: [UInt8] = []
    var isFirst = true
    var previous: Int32?
    for id in ids {
      let bytes = try bytes(id, isFirst: isFirst, after: previous, skipSpecial: skipSpecial)
      guard let bytes else { continue }
      output += bytes
      isFirst = false
      previous = id
    }
    return output
  }

  /// The bytes that a token contributes to a text when something stands before it.
  package func piece(_ id: Int32) throws(SVFTError) -> [UInt8] {
    try bytes(id, isFirst: false, skipSpecial: false) ?? []
  }

  /// The spelling of a token in the vocabulary's file.
  package func spelling(_ id: Int32) throws(SVFTError) -> [UInt8] {
    try check(id)
    return book.pieces[Int(id)]
  }

  /// The vocabulary in GGUF's terms, for writers.
  ///
  /// Throws `.unsupported` where GGUF has no name for what the tokenizer does.
  package func vocabulary() throws(SVFTError) -> TokenizerVocabulary { try book.exported() }

  /// What a GGUF file cannot say of this tokenizer, in sentences: the format has no place for how
  /// an added token treats the text around it, nor for a blank before the beginning alone.
  package func losses() -> [String] {
    let prefixes = (try? book.exported())?.prefixesBeginning == true && !book.added.isEmpty
    let prefix =
      "the blank before a text: GGUF has no place for that none comes behind an added token "
      + "(legacy false)"
    return (prefixes ? [prefix] : [])
      + book.added.compactMap { token in
        let traits = [
          (token.stripsLeft, "takes the space before it along (lstrip)"),
          (token.stripsRight, "takes the space behind it along (rstrip)"),
          (token.isSingleWord, "is found only between words (single_word)"),
          (
            token.isNormalized && !stages.normalizers.isEmpty,
            "is sought in the normalised text (normalized)"
          ),
        ].filter(\.0).map(\.1)
        guard !traits.isEmpty else { return nil }
        let text = String(decoding: token.content, as: UTF8.self)
        return "token \(token.id), \(text.debugDescription): GGUF has no place for that it "
          + traits.joined(separator: " and ")
      }
  }

  /// The bytes of one token behind another, or nil for a skipped one and for an id that no token
  /// has.
  func bytes(
    _ id: Int32, isFirst: Bool, after previous: Int32? = nil, skipSpecial: Bool
  ) throws(SVFTError) -> [UInt8]? {
    try check(id)
    if book.isVacant(id) || skipSpecial && isSpecial(id) { return nil }
    let place = PiecePlace(
      isFirst: isFirst, isLiteral: book.isLiteral(id),
      previous: previous.map { book.pieces[Int($0)] })
    var piece = book.pieces[Int(id)]
    for decoder in stages.decoders { piece = decoder.decode(piece, place) }
    return piece
  }

  private func check(_ id: Int32) throws(SVFTError) {
    guard id >= 0, id < vocabularySize else {
      throw SVFTError(
        .invalidArgument, "token id: expected 0 to \(vocabularySize - 1), found \(id)")
    }
  }
}
