// What tokenizer_config.json says beside a SentencePiece file: tokens around a text, by the class
// of the tokenizer, tokens that were added, and which have a role.
import SVFTFormats
import SVFTTensor

extension TokenizerVocabulary {
  /// How added tokens are taken.
  struct Taking {
    /// Tokens that only have a role or stand in a list get ids below it.
    var limit = Int.max
    /// An added token with the id of a piece is an error; else it takes its place.
    var keepsPieces = false
  }

  /// Which special tokens the classes of transformers put around a text.
  private static let classes: [String: (bos: Bool, eos: Bool)] = [
    "LlamaTokenizer": (true, false), "LlamaTokenizerFast": (true, false),
    "CodeLlamaTokenizer": (true, false), "CodeLlamaTokenizerFast": (true, false),
    "GemmaTokenizer": (true, false), "GemmaTokenizerFast": (true, false),
    "T5Tokenizer": (false, true), "T5TokenizerFast": (false, true),
    "MT5Tokenizer": (false, true), "MT5TokenizerFast": (false, true),
  ]

  /// Classes with a word for whether a blank goes before stretches behind added tokens ("legacy").
  /// Without the word none does, as in transformers 5; in 4 one did.
  private static let lenient = [
    "LlamaTokenizer", "LlamaTokenizerFast", "CodeLlamaTokenizer", "CodeLlamaTokenizerFast",
  ]

  /// Takes over what tokenizer_config.json says: tokens around a text, and added ones.
  mutating func configure(
    _ configuration: JSON.Object, _ taking: Taking = Taking()
  ) throws(SVFTError) {
    let name = try configuration.string("tokenizer_class", default: "")
    guard let around = name.isEmpty ? (kind == .llama, false) : Self.classes[name] else {
      throw SVFTError(
        .unsupported,
        "\(configuration.place("tokenizer_class")): \(name) needs a tokenizer.json: "
          + TokenizerFolder.advice)
    }
    try take(tokensOf: configuration, taking)
    if Self.lenient.contains(name), kind == .llama {
      prefixesBeginning = try !configuration.bool("legacy", default: false)
    }
    addsBOS = try configuration.bool("add_bos_token", default: around.0 && special.bos != nil)
    addsEOS = try configuration.bool("add_eos_token", default: around.1 && special.eos != nil)
  }

  /// Takes over added tokens and roles.
  mutating func take(
    tokensOf configuration: JSON.Object, _ taking: Taking
  ) throws(SVFTError) {
    var places = Dictionary(tokens.enumerated().map { ($1, $0) }) { first, _ in first }
    if configuration.has("added_tokens_decoder") {
      try take(list: configuration.object("added_tokens_decoder"), taking, &places)
    }
    /// The id of a control token, behind all others where it has none yet.
    func place(_ text: String) -> Int? {
      let content = Array(text.utf8)
      if let id = places[content] {
        if types[id] == .normal || types[id] == .userDefined { types[id] = .control }
        return id
      }
      guard !text.isEmpty, tokens.count < taking.limit else {
        if !text.isEmpty { Log.warn("“\(text)”: the model has no row for it; it is left out") }
        return nil
      }
      places[content] = tokens.count
      append(content, .control)
      return tokens.count - 1
    }
    for (name, path) in SpecialTokens.roles {
      guard let text = try configuration.roleToken(name)?.text else { continue }
      // What is unknown the file itself says: its model gives that token.
      if path == \.unknown, special.unknown != nil { continue }
      if let id = place(text) { special[keyPath: path] = try TokenID.checked(id, name) }
    }
    // T5 numbers its own from the last to the first, which no list says.
    let name = try configuration.string("tokenizer_class", default: "")
    guard !name.contains("T5") else { return }
    for token in try configuration.furtherSpecial() { _ = place(token.text) }
  }

  private mutating func take(
    list: JSON.Object, _ taking: Taking, _ places: inout [[UInt8]: Int]
  ) throws(SVFTError) {
    let most = tokens.count + 65_536
    for key in list.keys {
      let token = try list.object(key)
      guard let number = Int(key), number >= 0, number < most else {
        let place = taking.keepsPieces ? "added_tokens.json" : list.place(key)
        throw SVFTError(.format, "\(place): expected an id below \(most), found \(key)")
      }
      let text = try token.string("content")
      let content = Array(text.utf8)
      // What the vocabulary has keeps its id, as in the tokenizers package.
      let id = places[content] ?? number
      while tokens.count <= id { append(Self.stopgap(tokens.count), .unused) }
      let isTaken = tokens[id] != content && !isVacant(id)
      guard !taking.keepsPieces || !isTaken else {
        throw SVFTError(
          .format,
          "added_tokens.json: expected an id of its own for “\(text)”, found \(id), which is "
            + "“\(String(decoding: tokens[id], as: UTF8.self))”")
      }
      if places[tokens[id]] == id { places[tokens[id]] = nil }
      places[content] = id
      tokens[id] = content
      if types[id] != .unknown {
        types[id] = try token.bool("special", default: false) ? .control : .userDefined
      }
    }
  }

  mutating func append(_ content: [UInt8], _ type: TokenType) {
    tokens.append(content)
    types.append(type)
    scores?.append(type == .unused ? Self.stopgapScore : 0)
  }
}
