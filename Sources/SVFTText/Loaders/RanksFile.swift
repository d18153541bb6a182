// Files of ranked tokens as tiktoken reads them (Llama 3's tokenizer.model): a line a token, its
// bytes in Base64, a blank, its rank, which is its id too. Two neighbours are joined where both
// together are a token, the lowest rank first.
//
// How texts are cut, and which control tokens follow, such a file does not say: both are known by
// how many tokens it has.
package import SVFTFormats
package import SVFTTensor

extension Tokenizer {
  /// The tokenizer of a model's own file: ranks in text, or SentencePiece's protocol buffer.
  package convenience init(
    modelFile bytes: [UInt8], configuration: JSON = .object(JSON.Object()),
    limit: Int = .max, keepsPieces: Bool = false
  ) throws(SVFTError) {
    guard RanksFile.isOne(bytes) else {
      try self.init(
        sentencePiece: bytes, configuration: configuration, limit: limit,
        keepsPieces: keepsPieces)
      return
    }
    let file = try RanksFile(bytes)
    try self.init(try file.book(), try file.stages())
  }
}

/// The parts of one file of ranks.
struct RanksFile {
  /// What is known of the vocabularies of so many tokens.
  private struct Family {
    let ranks: Int
    let split: NamedSplit
    /// Control tokens from the id after the last rank on.
    let special: [String]
    let bos: String?
    let eos: String
  }

  private let pieces: [[UInt8]]
  private let family: Family

  /// Whether bytes look like such a file: a first line of Base64, a blank, digits.
  static func isOne(_ bytes: [UInt8]) -> Bool {
    let line = bytes.prefix(2_000).prefix { $0 != 0x0A }
    guard let blank = line.firstIndex(of: 0x20), blank > 0, blank + 1 < line.endIndex else {
      return false
    }
    return line[(blank + 1)...].allSatisfy { 0x30...0x39 ~= $0 || $0 == 0x0D }
      && Base64.decode(line[..<blank]) != nil
  }

  init(_ bytes: [UInt8]) throws(SVFTError) {
    var pieces: [[UInt8]] = []
    for (number, line) in bytes.split(separator: 0x0A).enumerated() {
      var line = line
      if line.last == 0x0D { line.removeLast() }
      guard let blank = line.firstIndex(of: 0x20), let piece = Base64.decode(line[..<blank]),
        !piece.isEmpty,
        let rank = Int(String(decoding: line[(blank + 1)...], as: UTF8.self))
      else {
        throw SVFTError(
          .format, "line \(number + 1): expected a token in Base64 and its rank, found neither")
      }
      guard rank == number else {
        throw SVFTError(
          .format, "line \(number + 1): expected the rank \(number), found \(rank)")
      }
      pieces.append(piece)
    }
    guard let family = Self.families.first(where: { $0.ranks == pieces.count }) else {
      let known = Self.families.map { String($0.ranks) }.joined(separator: ", ")
      throw SVFTError(
        .unsupported,
        "\(pieces.count) ranked tokens: expected a number whose split pattern is known, \(known)")
    }
    self.pieces = pieces
    self.family = family
  }

  /// Every token, the control tokens behind the ranked ones.
  private var all: [[UInt8]] { pieces + family.special.map { Array($0.utf8) } }

  func book() throws(SVFTError) -> TokenBook {
    let table = try PieceTable(
      all.enumerated().map { id, piece in
        id < pieces.count ? ByteAlphabet.encode(piece) : piece
      })
    var special = SpecialTokens()
    special.bos = family.bos.flatMap { table.find(Array($0.utf8)) }
    special.eos = table.find(Array(family.eos.utf8))
    let added = family.special.enumerated().map { index, text in
      AddedToken(id: Int32(truncatingIfNeeded: pieces.count + index), content: Array(text.utf8))
    }
    return try TokenBook(pieces: table, added: added, special: special) { () throws(SVFTError) in
      throw SVFTError(.unsupported, "GGUF wants merges, which a file of ranks does not have")
    }
  }

  func stages() throws(SVFTError) -> Tokenizer.Stages {
    let table = try PieceTable(pieces)
    var options = BytePairModel<ScoredMerges>.Options()
    options.ignoreMerges = true
    let scores = pieces.indices.map { -Float($0) }
    let bos = family.bos.flatMap { family.special.firstIndex(of: $0) }
    return Tokenizer.Stages(
      preTokenizers: family.split.stages + [BytesAsTokens()],
      model: BytePairModel(table, try ScoredMerges(scores, of: table), options),
      template: SegmentTemplate(
        before: bos.map { [Int32(truncatingIfNeeded: pieces.count + $0)] } ?? [], after: []),
      decoders: [ByteLevel()])
  }

  private static func split(_ pattern: SplitPattern) -> NamedSplit {
    NamedSplit(names: [], stages: [SplitByPattern(pattern)])
  }

  private static let families: [Family] = [
    Family(
      ranks: 50_256, split: split(.gpt2), special: ["<|endoftext|>"], bos: nil,
      eos: "<|endoftext|>"),
    Family(
      ranks: 128_000, split: split(.numbersByThree), special: llama3, bos: "<|begin_of_text|>",
      eos: "<|end_of_text|>"),
    Family(
      ranks: 151_643, split: split(.numbersByOne),
      special: ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], bos: nil, eos: "<|endoftext|>"),
  ]

  private static let llama3: [String] = {
    let first = [
      "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>",
      "<|reserved_special_token_1|>", "<|reserved_special_token_2|>",
      "<|reserved_special_token_3|>", "<|start_header_id|>", "<|end_header_id|>",
      "<|reserved_special_token_4|>", "<|eot_id|>",
    ]
    return first + (5..<251).map { "<|reserved_special_token_\($0)|>" }
  }()
}
