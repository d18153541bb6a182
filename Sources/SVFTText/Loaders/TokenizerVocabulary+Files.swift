// A vocabulary in GGUF's terms as the files of a Hugging Face folder: tokenizer.json with the
// stages that each kind stands for, and tokenizer_config.json with the roles. The way back is
// TokenizerFile+Export.swift; a test goes both ways.
//
// SentencePiece scores become merges by the rule of their own training: every way to put a token
// together from two others, tokens of higher score first.
package import SVFTFormats
package import SVFTTensor

extension TokenizerVocabulary {
  /// tokenizer.json and tokenizer_config.json. Throws `.unsupported` for bytes that JSON cannot
  /// hold and for unknown split patterns.
  package func files() throws(SVFTError) -> [(name: String, json: JSON)] {
    try validate()
    guard kind == .t5 || rules.isEmpty && removesExtraSpaces != true else {
      throw SVFTError(
        .unsupported, "tokenizer.json: SentencePiece's rules of normalisation are not written")
    }
    let stages: JSON.Object =
      switch kind {
      case .llama: try sentencePieceStages()
      case .gpt2: try byteLevelStages()
      case .bert: try wordPieceStages()
      case .t5: try unigramStages()
      }
    var file = JSON.Object([
      ("version", "1.0"), ("truncation", .null), ("padding", .null),
      ("added_tokens", .array(try addedTokens())),
    ])
    for (key, value) in stages.members { file[key] = value }
    return [("tokenizer.json", .object(file)), ("tokenizer_config.json", .object(try roles()))]
  }

  func spelling(_ id: Int) throws(SVFTError) -> String {
    let bytes = kind == .bert ? PhantomSpace.imported(tokens[id], types[id]) : tokens[id]
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw SVFTError(
        .unsupported, "token \(id): expected UTF-8 for tokenizer.json, found other bytes")
    }
    return text
  }

  private func vocabularyObject() throws(SVFTError) -> JSON {
    var members: [(key: String, value: JSON)] = []
    for id in tokens.indices where !isVacant(id) {
      members.append((try spelling(id), .integer(id)))
    }
    return .object(JSON.Object(members))
  }

  private func addedTokens() throws(SVFTError) -> [JSON] {
    var list: [JSON] = []
    for (id, type) in types.enumerated()
    where type == .control || type == .unknown || type == .userDefined {
      list.append(
        .object(
          JSON.Object([
            ("id", .integer(id)), ("content", .string(try spelling(id))), ("single_word", false),
            ("lstrip", false), ("rstrip", false), ("normalized", false),
            ("special", .bool(type != .userDefined)),
          ])))
    }
    return list
  }

  private func roles() throws(SVFTError) -> JSON.Object {
    // transformers' own classes put stages of theirs in the place of tokenizer.json's.
    let name = kind == .bert ? "BertTokenizer" : "PreTrainedTokenizerFast"
    var object = JSON.Object([("tokenizer_class", .string(name))])
    for (name, path) in SpecialTokens.roles {
      guard let id = special[keyPath: path] else { continue }
      object[name] = .string(try spelling(Int(id)))
    }
    if let addsBOS { object["add_bos_token"] = .bool(addsBOS) }
    if let addsEOS { object["add_eos_token"] = .bool(addsEOS) }
    return object
  }

  private func sentencePieceStages() throws(SVFTError) -> JSON.Object {
    let addsSpace = addsSpacePrefix ?? true
    let blank: JSON = ["type": "Replace", "pattern": ["String": " "], "content": "▁"]
    // The normaliser does not know the beginning of a text.
    let isFirst = addsSpace && prefixesBeginning
    let metaspace: JSON = [
      "type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false,
    ]
    let prefix: [JSON] = addsSpace ? [["type": "Prepend", "prepend": "▁"]] : []
    let strip: [JSON] =
      addsSpace ? [["type": "Strip", "content": " ", "start": 1, "stop": 0]] : []
    let back: JSON = ["type": "Replace", "pattern": ["String": "▁"], "content": " "]
    let decoders: [JSON] = [back, ["type": "ByteFallback"], ["type": "Fuse"]] + strip
    let unknown: JSON =
      if let id = special.unknown { .string(try spelling(Int(id))) } else { .null }
    let model = JSON.Object([
      ("type", "BPE"), ("dropout", .null), ("unk_token", unknown),
      ("continuing_subword_prefix", .null), ("end_of_word_suffix", .null), ("fuse_unk", true),
      ("byte_fallback", .bool(types.contains(.byte))), ("ignore_merges", false),
      ("vocab", try vocabularyObject()), ("merges", .array(try scoredMerges())),
    ])
    return JSON.Object([
      (
        "normalizer",
        isFirst ? .null : ["type": "Sequence", "normalizers": .array(prefix + [blank])]
      ),
      ("pre_tokenizer", isFirst ? metaspace : .null), ("post_processor", try template()),
      ("decoder", ["type": "Sequence", "decoders": .array(decoders)]), ("model", .object(model)),
    ])
  }

  /// Every split of a normal token into two others, by falling score of the token.
  private func scoredMerges() throws(SVFTError) -> [JSON] {
    guard let scores else { return [] }
    let table = try PieceTable(
      zip(tokens, types).map { $1 == .normal || $1 == .userDefined ? $0 : nil })
    var merges: [(score: Float, token: Int, left: Int32, right: Int32)] = []
    for (id, token) in tokens.enumerated() where types[id] == .normal && token.count > 1 {
      for cut in 1..<token.count {
        guard let left = table.find(Array(token[..<cut])),
          let right = table.find(Array(token[cut...]))
        else { continue }
        merges.append((scores[id], id, left, right))
      }
    }
    merges.sort { ($0.score, $1.token, $1.left) > ($1.score, $0.token, $0.left) }
    var list: [JSON] = []
    for merge in merges {
      list.append([
        .string(try spelling(Int(merge.left))), .string(try spelling(Int(merge.right))),
      ])
    }
    return list
  }

  private func byteLevelStages() throws(SVFTError) -> JSON.Object {
    let name = pre ?? NamedSplit.unnamed
    guard let split = NamedSplit.find(name) else {
      throw SVFTError(.unsupported, "tokenizer.ggml.pre: the split pattern \(name) is not known")
    }
    var cutters: [JSON] = []
    for stage in split.stages {
      let expression: String? =
        if let pattern = stage as? SplitByPattern {
          pattern.pattern.expressions[0]
        } else {
          (stage as? MatchSplit)?.signature
        }
      guard let expression else {
        cutters.append(["type": "Digits", "individual_digits": true])
        continue
      }
      cutters.append([
        "type": "Split", "pattern": ["Regex": .string(expression)], "behavior": "Isolated",
        "invert": false,
      ])
    }
    cutters.append([
      "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false,
    ])
    var pairs: [JSON] = []
    for merge in merges { pairs.append(.string(String(decoding: merge, as: UTF8.self))) }
    let model = JSON.Object([
      ("type", "BPE"), ("dropout", .null), ("unk_token", .null),
      ("continuing_subword_prefix", .null), ("end_of_word_suffix", .null), ("fuse_unk", false),
      ("byte_fallback", false), ("ignore_merges", .bool(split.ignoresMerges)),
      ("vocab", try vocabularyObject()), ("merges", .array(pairs)),
    ])
    return JSON.Object([
      ("normalizer", .null),
      ("pre_tokenizer", ["type": "Sequence", "pretokenizers": .array(cutters)]),
      ("post_processor", try template(defaultBOS: split.addsBOS)),
      (
        "decoder",
        ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true]
      ), ("model", .object(model)),
    ])
  }

  private func wordPieceStages() throws(SVFTError) -> JSON.Object {
    let unknown = special.unknown.map { Int($0) } ?? 0
    let model = JSON.Object([
      ("type", "WordPiece"), ("unk_token", .string(try spelling(unknown))),
      ("continuing_subword_prefix", "##"), ("max_input_chars_per_word", 100),
      ("vocab", try vocabularyObject()),
    ])
    let normalizer: JSON = [
      "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
      "strip_accents": .null, "lowercase": true,
    ]
    return JSON.Object([
      ("normalizer", normalizer), ("pre_tokenizer", ["type": "BertPreTokenizer"]),
      ("post_processor", try pairTemplate()),
      ("decoder", ["type": "WordPiece", "prefix": "##", "cleanup": true]),
      ("model", .object(model)),
    ])
  }
}
