// The files that a tokenizer was kept in before tokenizer.json: vocab.json with merges.txt, or
// vocab.txt. How texts are split and what stands around them they do not say; the class of the
// tokenizer does, which tokenizer_config.json names, or else the model's family. What transformers
// makes of such a folder is put together here as a tokenizer.json.
import SVFTFormats
import SVFTTensor

/// A folder with the parts of a tokenizer.
struct TokenizerParts {
  /// What is known of a class of tokenizers.
  private struct Kind {
    let classes: [String]
    /// Values of model_type whose tokenizer it is.
    let families: [String]
    let vocabulary: String
    /// The tokens that have a role where tokenizer_config.json names no other.
    let roles: [(name: String, text: String)]
    let stages: @Sendable (TokenizerParts) throws(SVFTError) -> [(key: String, value: JSON)]
  }

  private static let kinds = [
    Kind(
      classes: ["GPT2Tokenizer", "GPT2TokenizerFast"], families: ["gpt2", "opt"],
      vocabulary: "vocab.json",
      roles: ["bos_token", "eos_token", "unk_token"].map { ($0, "<|endoftext|>") },
      stages: { parts throws(SVFTError) in try parts.bytePairs(parts.beginning()) }),
    Kind(
      classes: ["RobertaTokenizer", "RobertaTokenizerFast"], families: ["roberta"],
      vocabulary: "vocab.json",
      roles: [
        ("bos_token", "<s>"), ("eos_token", "</s>"), ("sep_token", "</s>"), ("cls_token", "<s>"),
        ("unk_token", "<unk>"), ("pad_token", "<pad>"), ("mask_token", "<mask>"),
      ], stages: { parts throws(SVFTError) in try parts.bytePairs(parts.sentence()) }),
    Kind(
      classes: ["BertTokenizer", "BertTokenizerFast"], families: ["bert"],
      vocabulary: "vocab.txt",
      roles: [
        ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"),
        ("cls_token", "[CLS]"), ("mask_token", "[MASK]"),
      ], stages: { parts throws(SVFTError) in try parts.wordPieces() }),
  ]

  private let folder: String
  private let kind: Kind
  /// tokenizer_config.json with the roles that its class means.
  private(set) var configuration: JSON.Object
  private let vocabulary: JSON.Object
  /// Tokens beyond the vocabulary have ids below it.
  private let limit: Int
  /// The file that lists the added tokens.
  private let source: String

  /// The parts in a folder, nil where there are none. Throws `.unsupported` where nothing says
  /// what is to be made of them.
  init?(
    _ folder: String, _ configuration: JSON.Object, limit: Int = .max, hasList: Bool = false
  ) throws(SVFTError) {
    var found: String?
    for name in ["vocab.json", "vocab.txt"] where found == nil {
      if try FileSystem.isFile(FileSystem.join(folder, name)) { found = name }
    }
    guard let found else { return nil }
    let className = try configuration.string("tokenizer_class", default: "")
    let family = try className.isEmpty ? TokenizerFolder.family(of: folder) : ""
    let kind = Self.kinds.first {
      $0.classes.contains(className) || $0.families.contains(family)
    }
    guard let kind, kind.vocabulary == found else {
      let whose = className.isEmpty ? "no class of tokenizers that is known" : "for \(className)"
      throw SVFTError(
        .unsupported,
        "\(folder): expected tokenizer.json, found \(found) \(whose), which does not say how "
          + "texts are split: load it with AutoTokenizer of Hugging Face's transformers, whose "
          + "save_pretrained writes tokenizer.json")
    }
    (self.folder, self.kind, self.configuration) = (folder, kind, configuration)
    self.limit = limit
    source = hasList ? "added_tokens.json" : "tokenizer_config.json"
    let path = FileSystem.join(folder, found)
    vocabulary = try found == "vocab.json" ? JSON.read(path).root(path) : Self.listed(path)
    for (name, text) in kind.roles
    where !configuration.has(name) && vocabulary[text] != nil {
      self.configuration[name] = .string(text)
    }
  }

  /// The whole as a tokenizer.json.
  func file() throws(SVFTError) -> JSON {
    var file = JSON.Object([("version", "1.0"), ("added_tokens", .array(try added()))])
    for (key, value) in try kind.stages(self) { file[key] = value }
    return .object(file)
  }

  /// The lines of a file; the number of each is its id.
  private static func listed(_ path: String) throws(SVFTError) -> JSON.Object {
    var list = JSON.Object()
    for (id, line) in try lines(path).enumerated() where !line.isEmpty {
      list[line] = .integer(id)
    }
    return list
  }

  private static func lines(_ path: String) throws(SVFTError) -> [String] {
    let file = try FileSystem.read(path)
    guard let text = withExtendedLifetime(file, { UTF8Text.string(file.bytes) }) else {
      throw SVFTError(.format, "\(path): expected UTF-8, found other bytes")
    }
    return text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
      String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
    }
  }

  /// The tokens with a role, and those that were added to the vocabulary later.
  private func added() throws(SVFTError) -> [JSON] {
    var tokens: [JSON] = []
    var known: Set<String> = []
    func add(_ text: String, _ id: Int, isSpecial: Bool, _ flags: JSON.Object) throws(SVFTError) {
      guard known.insert(text).inserted else { return }
      var token = JSON.Object([("id", .integer(id)), ("content", .string(text))])
      for flag in ["single_word", "lstrip", "rstrip", "normalized"] {
        token[flag] = .bool(try flags.bool(flag, default: false))
      }
      token["special"] = .bool(isSpecial)
      tokens.append(.object(token))
    }
    /// The first id that nothing has: as in the tokenizers package, behind the largest.
    var next = vocabulary.count
    if configuration.has("added_tokens_decoder") {
      let list = try configuration.object("added_tokens_decoder")
      var taken: Set<Int> = []
      for key in vocabulary.keys { taken.insert(try vocabulary.int(key)) }
      for key in list.keys {
        let token = try list.object(key)
        let text = try token.string("content")
        // What the vocabulary has keeps its id, as in the tokenizers package.
        let own = try vocabulary.has(text) ? vocabulary.int(text) : nil
        guard let id = Int(key), 0..<Int(Int32.max) ~= id, own != nil || !taken.contains(id) else {
          throw SVFTError(
            .format, "\(source): expected an id of its own for “\(text)”, found \(key)")
        }
        let isSpecial = try token.bool("special", default: false)
        try add(text, own ?? id, isSpecial: isSpecial, token)
        if own == nil { next = max(next, id + 1) }
      }
    }
    for token in try configuration.roleTokens() + configuration.furtherSpecial()
    where !token.text.isEmpty {
      let own = try vocabulary.has(token.text) ? vocabulary.int(token.text) : nil
      if own == nil, !known.contains(token.text) {
        guard next < limit else {
          Log.warn("\(folder): the model has no row for “\(token.text)”, which is left out")
          continue
        }
        next += 1
      }
      try add(token.text, own ?? next - 1, isSpecial: true, token.flags)
    }
    return tokens
  }

  // MARK: stages

  private func bytePairs(
    _ template: JSON
  ) throws(SVFTError) -> [(key: String, value: JSON)] {
    let path = FileSystem.join(folder, "merges.txt")
    let merges = try Self.lines(path).filter { !$0.isEmpty && !$0.hasPrefix("#version") }
    let prefix = try configuration.bool("add_prefix_space", default: false)
    let bytes: JSON = [
      "type": "ByteLevel", "add_prefix_space": .bool(prefix), "trim_offsets": true,
      "use_regex": true,
    ]
    let model = JSON.Object([
      ("type", "BPE"), ("vocab", .object(vocabulary)),
      ("merges", .array(merges.map { .string($0) })),
    ])
    return [
      ("pre_tokenizer", bytes), ("post_processor", template), ("decoder", ["type": "ByteLevel"]),
      ("model", .object(model)),
    ]
  }

  /// A text behind its first token, where the class is told to put one there.
  private func beginning() throws(SVFTError) -> JSON {
    var items: [JSON] = [["Sequence": ["id": "A", "type_id": 0]]]
    var second: [JSON] = [["Sequence": ["id": "B", "type_id": 1]]]
    var tokens = JSON.Object()
    if try configuration.bool("add_bos_token", default: false) {
      let (text, id) = try role("bos_token")
      items.insert(["SpecialToken": ["id": .string(text), "type_id": 0]], at: 0)
      second.insert(["SpecialToken": ["id": .string(text), "type_id": 1]], at: 0)
      tokens[text] = ["id": .string(text), "ids": [.integer(id)], "tokens": [.string(text)]]
    }
    return [
      "type": "TemplateProcessing", "single": .array(items), "pair": .array(items + second),
      "special_tokens": .object(tokens),
    ]
  }

  private func sentence() throws(SVFTError) -> JSON {
    let (separator, first) = (try role("sep_token"), try role("cls_token"))
    return [
      "type": "RobertaProcessing", "sep": [.string(separator.text), .integer(separator.id)],
      "cls": [.string(first.text), .integer(first.id)],
    ]
  }

  private func wordPieces() throws(SVFTError) -> [(key: String, value: JSON)] {
    let (separator, first) = (try role("sep_token"), try role("cls_token"))
    let lowers = try configuration.bool("do_lower_case", default: true)
    let cuts = try configuration.bool("tokenize_chinese_chars", default: true)
    let normalizer: JSON = [
      "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": .bool(cuts),
      "strip_accents": configuration["strip_accents"] ?? .null, "lowercase": .bool(lowers),
    ]
    let model = JSON.Object([
      ("type", "WordPiece"), ("unk_token", .string(try role("unk_token").text)),
      ("continuing_subword_prefix", "##"), ("max_input_chars_per_word", 100),
      ("vocab", .object(vocabulary)),
    ])
    let template: JSON = [
      "type": "BertProcessing", "sep": [.string(separator.text), .integer(separator.id)],
      "cls": [.string(first.text), .integer(first.id)],
    ]
    return [
      ("normalizer", normalizer), ("pre_tokenizer", ["type": "BertPreTokenizer"]),
      ("post_processor", template),
      ("decoder", ["type": "WordPiece", "prefix": "##", "cleanup": true]),
      ("model", .object(model)),
    ]
  }

  /// The token of a role that the class cannot do without.
  private func role(_ name: String) throws(SVFTError) -> (text: String, id: Int) {
    var text: String?
    if case .object(let object)? = configuration[name] {
      text = try object.string("content")
    } else if configuration.has(name) {
      text = try configuration.string(name)
    }
    guard let text, vocabulary.has(text) else {
      throw SVFTError(
        .format,
        "\(folder): expected a \(name) of the vocabulary for \(kind.classes[0]), found "
          + (text.map { "“\($0)”" } ?? "none"))
    }
    return (text, try vocabulary.int(text))
  }
}
