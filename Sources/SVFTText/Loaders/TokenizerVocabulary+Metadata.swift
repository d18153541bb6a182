// A vocabulary and the tokenizer.ggml.* keys of a GGUF file, both ways. The key of the separator is
// misspelt in the format itself.
package import SVFTFormats
package import SVFTTensor

extension Tokenizer {
  /// The tokenizer of a GGUF file.
  ///
  /// Throws `.format` for a broken vocabulary and `.unsupported`, with its name, for an unknown
  /// kind.
  package convenience init(gguf: GGUF) throws(SVFTError) {
    let vocabulary = try TokenizerVocabulary(gguf)
    do { try self.init(vocabulary: vocabulary) } catch { throw error.while(gguf.path) }
  }
}

extension TokenizerVocabulary {
  private static let prefix = "tokenizer.ggml."

  /// What a GGUF file without a tokenizer says.
  package static let absence = (key: prefix + "model", value: GGUFValue.string("no_vocab"))

  /// Whether a GGUF file has a tokenizer.
  package static func isThere(in gguf: GGUF) throws(SVFTError) -> Bool {
    let key = absence.key
    guard gguf.has(key) else { return false }
    return try gguf.string(key) != "no_vocab"
  }

  private static let roles:
    [(key: String, path: any WritableKeyPath<SpecialTokens, Int32?> & Sendable)] = [
      ("bos_token_id", \.bos), ("eos_token_id", \.eos), ("unknown_token_id", \.unknown),
      ("seperator_token_id", \.separator), ("padding_token_id", \.padding),
      ("cls_token_id", \.classification), ("mask_token_id", \.mask),
    ]

  private static let flags:
    [(key: String, path: any WritableKeyPath<TokenizerVocabulary, Bool?> & Sendable)] = [
      ("add_bos_token", \.addsBOS), ("add_eos_token", \.addsEOS),
      ("add_space_prefix", \.addsSpacePrefix),
      ("remove_extra_whitespaces", \.removesExtraSpaces),
    ]

  /// Reads the vocabulary of a GGUF file.
  package init(_ gguf: GGUF) throws(SVFTError) {
    let model = try gguf.string(Self.prefix + "model")
    guard let kind = Kind(rawValue: model) else {
      throw SVFTError(
        .unsupported,
        "\(gguf.path): \(Self.prefix)model: \(model) is not known; known are llama, gpt2, bert, t5")
    }
    let tokens = try gguf.texts(Self.prefix + "tokens")
    self.init(kind: kind, tokens: tokens, types: try Self.types(gguf, count: tokens.count))
    if gguf.has(Self.prefix + "pre") { pre = try gguf.string(Self.prefix + "pre") }
    if gguf.has(Self.prefix + "scores") { scores = try gguf.floats(Self.prefix + "scores") }
    if gguf.has(Self.prefix + "merges") {
      merges = try gguf.texts(Self.prefix + "merges")
    }
    for (key, path) in Self.roles where gguf.has(Self.prefix + key) {
      let id = try gguf.int(Self.prefix + key)
      // The largest unsigned number says that there is none.
      if id == Int(UInt32.max) { continue }
      special[keyPath: path] = try TokenID.checked(id, "\(gguf.path): \(Self.prefix)\(key)")
    }
    if kind == .bert, special.bos == special.classification { special.bos = nil }
    let rules = Self.prefix + "precompiled_charsmap"
    if gguf.has(rules) {
      self.rules = try gguf.ints(rules).map { UInt8(truncatingIfNeeded: $0) }
    }
    for (key, path) in Self.flags where gguf.has(Self.prefix + key) {
      self[keyPath: path] = try gguf.bool(Self.prefix + key)
    }
  }

  /// The types of the file; without any, all tokens are normal.
  private static func types(_ gguf: GGUF, count: Int) throws(SVFTError) -> [TokenType] {
    let key = prefix + "token_type"
    guard gguf.has(key) else { return [TokenType](repeating: .normal, count: count) }
    var types: [TokenType] = []
    for (id, number) in try gguf.ints(key).enumerated() {
      // 0, undefined, is what some writers put where they mean a normal token.
      let raw = number == 0 ? TokenType.normal.rawValue : Int32(exactly: number) ?? 0
      guard let type = TokenType(rawValue: raw) else {
        throw SVFTError(
          .format, "\(gguf.path): \(key)[\(id)]: expected a type from 1 to 6, found \(number)")
      }
      types.append(type)
    }
    return types
  }

  /// The keys and values that a GGUF writer puts down.
  ///
  /// Throws `.limit` where a number does not fit the format.
  package func metadata() throws(SVFTError) -> [(key: String, value: GGUFValue)] {
    func text(_ bytes: [[UInt8]]) -> [String] { bytes.map { String(decoding: $0, as: UTF8.self) } }
    var pairs: [(String, GGUFValue)] = [("model", .string(kind.rawValue))]
    if let pre { pairs.append(("pre", .string(pre))) }
    pairs.append(("tokens", try .strings(text(tokens))))
    if let scores { pairs.append(("scores", try .floats(scores))) }
    pairs.append(("token_type", try .ints(types.map(\.rawValue))))
    // llama.cpp wants the key of byte pairs, if only for none.
    if kind == .gpt2 || !merges.isEmpty { pairs.append(("merges", try .strings(text(merges)))) }
    var special = special
    // llama.cpp begins a text of word pieces with "bos", and takes BERT's 101 where there is none.
    if kind == .bert, special.bos == nil { special.bos = special.classification }
    for (key, path) in Self.roles {
      if let id = special[keyPath: path] { pairs.append((key, try .uint32(Int(id)))) }
    }
    for (key, path) in Self.flags {
      if let flag = self[keyPath: path] { pairs.append((key, .bool(flag))) }
    }
    if !rules.isEmpty { pairs.append(("precompiled_charsmap", try .bytes(rules))) }
    return pairs.map { (key: Self.prefix + $0.0, value: $0.1) }
  }
}
