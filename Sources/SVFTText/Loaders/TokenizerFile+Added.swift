// Tokens that were added to a vocabulary: those of tokenizer.json, and what tokenizer_config.json
// has beyond them.
import SVFTFormats
import SVFTTensor

extension TokenizerFile {
  static func readAdded(_ root: JSON.Object) throws(SVFTError) -> [AddedToken] {
    guard root.has("added_tokens") else { return [] }
    var tokens: [AddedToken] = []
    for json in try root.objects("added_tokens") {
      tokens.append(
        try AddedToken(
          json, id: TokenID.checked(json.int("id"), json.place("id")),
          content: Array(json.string("content").utf8)))
    }
    return tokens
  }

  /// What tokenizer_config.json has under "added_tokens_decoder" beyond what is `listed`: with the
  /// id of the vocabulary, or behind all others, as transformers adds them.
  static func furtherTokens(
    _ configuration: JSON.Object, _ listed: [AddedToken], _ own: [[UInt8]?], _ limit: Int
  ) throws(SVFTError) -> [AddedToken] {
    guard configuration.has("added_tokens_decoder") else { return [] }
    let list = try configuration.object("added_tokens_decoder")
    var known = Set(listed.map(\.content))
    var next = max(own.count, Int(listed.map(\.id).max() ?? -1) + 1)
    var tokens: [AddedToken] = []
    var places: [[UInt8]: Int]?
    for key in list.keys.sorted(by: { (Int($0) ?? .max) < (Int($1) ?? .max) }) {
      let json = try list.object(key)
      let content = Array(try json.string("content").utf8)
      guard !content.isEmpty, known.insert(content).inserted else { continue }
      if places == nil {
        let pairs = own.enumerated().compactMap { id, piece in piece.map { ($0, id) } }
        places = Dictionary(pairs) { first, _ in first }
      }
      let place = places?[content] ?? next
      // An implied place grows with each token that takes one: once beyond the rows, all are.
      guard place < limit else {
        Log.warn("\(list.place(key)): the model has no row for this token, which is left out")
        continue
      }
      tokens.append(
        try AddedToken(json, id: TokenID.checked(place, list.place(key)), content: content))
      next = max(next, place + 1)
    }
    return tokens
  }
}

extension AddedToken {
  /// A token with the flags of its entry.
  fileprivate init(_ json: JSON.Object, id: Int32, content: [UInt8]) throws(SVFTError) {
    self.init(id: id, content: content)
    isSpecial = try json.bool("special", default: false)
    isNormalized = try json.bool("normalized", default: !isSpecial)
    stripsLeft = try json.bool("lstrip", default: false)
    stripsRight = try json.bool("rstrip", default: false)
    isSingleWord = try json.bool("single_word", default: false)
  }
}
