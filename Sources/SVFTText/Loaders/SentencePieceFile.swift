// SentencePiece's own file (tokenizer.model, spiece.model): a protocol buffer of
//
//   1  pieces: 1 spelling, 2 score, 3 type (the numbers that GGUF took over)
//   2  trainer: 3 kind (1 unigram, 2 byte pairs), 40-43 ids of unk, bos, eos, pad
//   3  normaliser: 2 compiled rules, 3 blank in front, 4 fewer blanks, 5 blanks as "▁"
//
// What stands around a text the file does not say; tokenizer_config.json beside it does, by the
// class of the tokenizer (SentencePieceFile+Classes.swift). Of the classes that give pieces other
// ids some are known (SentencePieceFile+Encoders.swift), the others refused by name.
package import SVFTFormats
package import SVFTTensor

extension Tokenizer {
  /// The tokenizer of a SentencePiece file. Throws `.format`, `.truncated` for a broken one,
  /// `.unsupported` for kinds and classes that are not known.
  ///
  /// - Parameters:
  ///   - limit: tokens that the configuration adds to the file's have ids below it.
  ///   - keepsPieces: added tokens do not replace pieces.
  package convenience init(
    sentencePiece bytes: [UInt8], configuration: JSON = .object(JSON.Object()),
    limit: Int = .max, keepsPieces: Bool = false
  ) throws(SVFTError) {
    var vocabulary = try SentencePieceFile(bytes).vocabulary()
    let configuration = try configuration.object("tokenizer_config.json")
    let taking = TokenizerVocabulary.Taking(limit: limit, keepsPieces: keepsPieces)
    if let encoder = try SentencePieceEncoder(configuration) {
      let (file, roles) = try encoder.files(vocabulary, configuration, taking)
      try self.init(json: file, configuration: roles)
      return
    }
    try vocabulary.configure(configuration, taking)
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
