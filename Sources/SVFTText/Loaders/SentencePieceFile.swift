// SentencePiece's own file (tokenizer.model, spiece.model): a protocol buffer of
//
//   1  pieces: 1 spelling, 2 score, 3 type (the numbers that GGUF took over)
//   2  trainer: 3 kind (1 unigram, 2 byte pairs), 40-43 ids of unk, bos, eos, pad
//   3  normaliser: 2 compiled rules, 3 blank in front, 4 fewer blanks, 5 blanks as "▁"
//
// What stands around a text the file does not say; tokenizer_config.json beside it does, by the
// class of the tokenizer. Classes that give pieces other ids are refused by name.
package import SVFTFormats
package import SVFTTensor

extension Tokenizer {
  /// The tokenizer of a SentencePiece file. Throws `.format`, `.truncated` for a broken one,
  /// `.unsupported` for kinds and classes that are not known.
  package convenience init(
    sentencePiece bytes: [UInt8], configuration: JSON = .object(JSON.Object())
  ) throws(SVFTError) {
    var vocabulary = try SentencePieceFile(bytes).vocabulary()
    try vocabulary.configure(configuration.object("tokenizer_config.json"))
    try self.init(vocabulary: vocabulary)
  }
}

/// The parts of one SentencePiece file.
struct SentencePieceFile {
  private var tokens: [[UInt8]] = []
  private var scores: [Float] = []
  private var types: [TokenType] = []
  private var kind: UInt64 = 1
  private var roles: [Int: Int32] = [40: 0, 41: 1, 42: 2]
  private var rules: [UInt8] = []
  private var addsPrefix = true
  private var removesExtra = true

  init(_ bytes: [UInt8]) throws(SVFTError) {
    var reader = ProtobufReader(bytes)
    while let (field, value) = try reader.next() {
      guard case .bytes(let range) = value else { continue }
      switch field {
      case 1: try readPiece(ProtobufReader(bytes, range))
      case 2: try readTrainer(ProtobufReader(bytes, range))
      case 3: try readNormalizer(ProtobufReader(bytes, range))
      default: break
      }
    }
  }

  private mutating func readPiece(_ message: ProtobufReader) throws(SVFTError) {
    guard tokens.count < Limits.arrayElements else {
      throw SVFTError(.limit, "expected at most \(Limits.arrayElements) pieces, found more")
    }
    var reader = message
    var (spelling, score, type): ([UInt8], Float, TokenType) = ([], 0, .normal)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (1, .bytes(let range)): spelling = Array(message.bytes[range])
      case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
      case (3, .integer(let number)):
        guard let known = Int32(exactly: number).flatMap(TokenType.init) else {
          throw SVFTError(
            .format, "piece \(tokens.count): expected a type from 1 to 6, found \(number)")
        }
        type = known
      default: break
      }
    }
    tokens.append(spelling)
    scores.append(score)
    types.append(type)
  }

  private mutating func readTrainer(_ message: ProtobufReader) throws(SVFTError) {
    var reader = message
    while let (field, value) = try reader.next() {
      guard case .integer(let number) = value else { continue }
      if field == 3 { kind = number }
      guard field != 24 || number == 0 else {
        throw SVFTError(.unsupported, "treat_whitespace_as_suffix: expected false, found true")
      }
      // An id of -1 says that there is none.
      if 40...43 ~= field { roles[field] = Int32(truncatingIfNeeded: number) }
    }
  }

  private mutating func readNormalizer(_ message: ProtobufReader) throws(SVFTError) {
    var reader = message
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (2, .bytes(let range)): rules = Array(message.bytes[range])
      case (3, .integer(let flag)): addsPrefix = flag != 0
      case (4, .integer(let flag)): removesExtra = flag != 0
      case (5, .integer(0)):
        throw SVFTError(.unsupported, "escape_whitespaces: expected true, found false")
      default: break
      }
    }
  }

  /// The vocabulary in GGUF's terms.
  func vocabulary() throws(SVFTError) -> TokenizerVocabulary {
    guard kind == 1 || kind == 2 else {
      throw SVFTError(
        .unsupported, "model_type: expected unigram (1) or byte pairs (2), found \(kind)")
    }
    var vocabulary = TokenizerVocabulary(
      kind: kind == 1 ? .t5 : .llama, tokens: tokens, types: types)
    vocabulary.scores = scores
    vocabulary.rules = rules
    vocabulary.addsSpacePrefix = addsPrefix
    vocabulary.removesExtraSpaces = removesExtra
    func role(_ field: Int, _ wanted: TokenType) -> Int32? {
      guard let id = roles[field], types.indices.contains(Int(id)) else { return nil }
      return types[Int(id)] == wanted ? id : nil
    }
    vocabulary.special.unknown = role(40, .unknown)
    vocabulary.special.bos = role(41, .control)
    vocabulary.special.eos = role(42, .control)
    vocabulary.special.padding = role(43, .control)
    return vocabulary
  }
}

extension TokenizerVocabulary {
  /// Which special tokens the classes of transformers put around a text.
  private static let classes: [String: (bos: Bool, eos: Bool)] = [
    "LlamaTokenizer": (true, false), "LlamaTokenizerFast": (true, false),
    "CodeLlamaTokenizer": (true, false), "CodeLlamaTokenizerFast": (true, false),
    "GemmaTokenizer": (true, false), "GemmaTokenizerFast": (true, false),
    "T5Tokenizer": (false, true), "T5TokenizerFast": (false, true),
    "MT5Tokenizer": (false, true), "MT5TokenizerFast": (false, true),
  ]

  /// Takes over what tokenizer_config.json says: tokens around a text, and added ones.
  mutating func configure(_ configuration: JSON.Object) throws(SVFTError) {
    let name = try configuration.string("tokenizer_class", default: "")
    guard let around = name.isEmpty ? (kind == .llama, false) : Self.classes[name] else {
      throw SVFTError(
        .unsupported,
        "\(configuration.place("tokenizer_class")): \(name) needs a tokenizer.json: load it with "
          + "AutoTokenizer of Hugging Face's transformers, whose save_pretrained writes one")
    }
    addsBOS = try configuration.bool("add_bos_token", default: around.0 && special.bos != nil)
    addsEOS = try configuration.bool("add_eos_token", default: around.1 && special.eos != nil)
    guard configuration.has("added_tokens_decoder") else { return }
    let list = try configuration.object("added_tokens_decoder")
    let most = tokens.count + 65_536
    for key in list.keys {
      let token = try list.object(key)
      guard let id = Int(key), id >= 0, id < most else {
        throw SVFTError(.format, "\(list.place(key)): expected an id below \(most), found \(key)")
      }
      while tokens.count <= id {
        types.append(.unused)
        scores?.append(Self.stopgapScore)
        tokens.append(Self.stopgap(tokens.count))
      }
      tokens[id] = Array(try token.string("content").utf8)
      if types[id] != .unknown {
        types[id] = try token.bool("special", default: false) ? .control : .userDefined
      }
    }
  }
}
