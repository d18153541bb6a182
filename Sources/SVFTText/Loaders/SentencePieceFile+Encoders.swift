// SentencePiece files of encoders, whose tokenizers do more than the file says: other ids, a
// template for pairs, stages of their own. What transformers makes of them is put together here as
// a tokenizer.json.
//
//   DeBERTa   [CLS] A [SEP] B [SEP], [MASK] behind the pieces; texts may be lower-cased first
//   XLM-R     <s> A </s></s> B </s>; fairseq's ids: four control tokens for the file's three
//   CamemBERT the same with five for one, of which three are not used
import SVFTFormats
import SVFTTensor

/// One of the classes.
struct SentencePieceEncoder {
  private enum Kind { case deberta, roberta, camembert }

  private let kind: Kind

  private static let classes: [String: Kind] = [
    "DebertaV2Tokenizer": .deberta, "DebertaV2TokenizerFast": .deberta,
    "XLMRobertaTokenizer": .roberta, "XLMRobertaTokenizerFast": .roberta,
    "CamembertTokenizer": .camembert, "CamembertTokenizerFast": .camembert,
  ]

  /// The class that a configuration names, nil for others.
  init?(_ configuration: JSON.Object) throws(SVFTError) {
    let name = try configuration.string("tokenizer_class", default: "")
    guard let kind = Self.classes[name] else { return nil }
    self.kind = kind
  }

  /// The tokens of the roles where the configuration names no others.
  private var roles: [(name: String, text: String)] {
    let texts =
      kind == .deberta
      ? ["[CLS]", "[SEP]", "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"]
      : ["<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>"]
    return Array(zip(SpecialTokens.roles.map(\.name), texts))
  }

  /// tokenizer.json and the roles for a file's vocabulary.
  func files(
    _ file: TokenizerVocabulary, _ configuration: JSON.Object,
    _ taking: TokenizerVocabulary.Taking
  ) throws(SVFTError) -> (tokenizer: JSON, roles: JSON) {
    guard file.kind == .t5 else {
      throw SVFTError(.unsupported, "model_type: expected unigram (1), found byte pairs (2)")
    }
    var configuration = configuration
    for (name, text) in roles where !configuration.has(name) { configuration[name] = .string(text) }
    var vocabulary = try arranged(file, configuration)
    vocabulary.removesExtraSpaces = true
    vocabulary.addsSpacePrefix = try configuration.bool("add_prefix_space", default: true)
    try vocabulary.take(tokensOf: configuration, taking)
    let written = try vocabulary.files()
    guard written.count == 2, let begin = vocabulary.special.classification,
      let end = vocabulary.special.separator
    else {
      throw SVFTError(
        .format, "pieces: expected the tokens that stand around a text, found no such pieces")
    }
    var root = try written[0].json.root("tokenizer.json")
    let (cls, sep) = (name(vocabulary, begin), name(vocabulary, end))
    root["post_processor"] = [
      "type": kind == .deberta ? "BertProcessing" : "RobertaProcessing",
      "sep": [sep, .integer(Int(end))], "cls": [cls, .integer(Int(begin))],
    ]
    if kind == .deberta {
      try addStages(&root, vocabulary, configuration)
    } else {
      try strip(&root, before: vocabulary.special.mask)
    }
    return (.object(root), written[1].json)
  }

  /// The vocabulary with the ids of the class.
  private func arranged(
    _ file: TokenizerVocabulary, _ configuration: JSON.Object
  ) throws(SVFTError) -> TokenizerVocabulary {
    if kind == .deberta { return file }
    func text(_ role: String) throws(SVFTError) -> [UInt8] {
      Array((try configuration.roleToken(role)?.text ?? "").utf8)
    }
    let isRoberta = kind == .roberta
    let (pad, unknown) = try (text("pad_token"), text("unk_token"))
    let front =
      isRoberta
      ? try [text("bos_token"), pad, text("eos_token"), unknown]
      : [
        Array("<s>NOTUSED".utf8), pad, Array("</s>NOTUSED".utf8), unknown,
        Array("<unk>NOTUSED".utf8),
      ]
    var result = TokenizerVocabulary(kind: .t5, tokens: [], types: [])
    result.scores = []
    result.rules = file.rules
    for token in front { result.append(token, token == unknown ? .unknown : .control) }
    result.special.unknown = 3
    // Kept for its id alone.
    if !isRoberta { result.scores?[4] = -100 }
    let scores = file.scores ?? []
    for id in file.tokens.indices.dropFirst(isRoberta ? 3 : 1) {
      result.append(file.tokens[id], file.types[id])
      result.scores?[result.tokens.count - 1] = scores[id]
    }
    result.append(try text("mask_token"), .control)
    return result
  }

  private func name(_ vocabulary: TokenizerVocabulary, _ id: Int32) -> JSON {
    .string(String(decoding: vocabulary.tokens[Int(id)], as: UTF8.self))
  }

  /// DeBERTa's normaliser and cutter.
  private func addStages(
    _ root: inout JSON.Object, _ vocabulary: TokenizerVocabulary, _ configuration: JSON.Object
  ) throws(SVFTError) {
    var stages: [JSON] = []
    if try configuration.bool("do_lower_case", default: false) {
      stages.append(["type": "Lowercase"])
    }
    stages.append(["type": "Strip", "strip_left": true, "strip_right": true])
    if !vocabulary.rules.isEmpty {
      stages.append([
        "type": "Precompiled", "precompiled_charsmap": .string(Base64.encode(vocabulary.rules)),
      ])
    }
    stages.append(["type": "Replace", "pattern": ["Regex": " {2,}"], "content": " "])
    root["normalizer"] = ["type": "Sequence", "normalizers": .array(stages)]
    guard try configuration.bool("split_by_punct", default: false) else { return }
    let cut: JSON = ["type": "Punctuation", "behavior": "Isolated"]
    let metaspace = try root.value("pre_tokenizer")
    root["pre_tokenizer"] = ["type": "Sequence", "pretokenizers": [cut, metaspace]]
  }

  /// The mask takes the blank before it along.
  private func strip(_ root: inout JSON.Object, before mask: Int32?) throws(SVFTError) {
    var tokens: [JSON] = []
    for token in try root.objects("added_tokens") {
      var token = token
      if try token.int("id") == mask.map({ Int($0) }) { token["lstrip"] = true }
      tokens.append(.object(token))
    }
    root["added_tokens"] = .array(tokens)
  }
}
