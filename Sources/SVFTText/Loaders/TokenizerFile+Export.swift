// A tokenizer.json in GGUF's terms. Where GGUF has no name for what the file does, the export is
// refused: a file that gives other ids would be worse than none.
//
// SentencePiece scores were lost on the way to tokenizer.json; minus the rank of the first merge
// that makes a token puts tokens into the same order.
import SVFTTensor

extension TokenizerFile {
  /// The vocabulary as GGUF writes it.
  func exported() throws(SVFTError) -> TokenizerVocabulary {
    guard let kind = built.kind else {
      throw SVFTError(.unsupported, "tokenizer.json: GGUF has no kind for this tokenizer")
    }
    let types = types(kind)
    var result = TokenizerVocabulary(
      kind: kind, tokens: (0..<pieces.count).map { pieces[$0] }, types: types)
    for id in vacant { result.tokens[Int(id)] = TokenizerVocabulary.stopgap(Int(id)) }
    result.special = special
    let around = stages.template.around
    switch kind {
    case .llama:
      result.pre = "default"
      result.scores = scores()
      result.addsSpacePrefix = try addsSpacePrefix()
    case .gpt2:
      result.pre = try splitName()
      if result.pre == NamedSplit.usual, stages.template.isRoBERTa {
        result.pre = NamedSplit.roberta
      }
      result.merges = built.merges.map { pieces[Int($0.left)] + [0x20] + pieces[Int($0.right)] }
    case .bert:
      result.pre = "default"
      result.tokens = zip(result.tokens, types).map { PhantomSpace.exported($0, $1) }
    case .t5:
      try export(unigrams: &result)
    }
    if kind != .bert {
      // What stands around a text needs a role, which only tokenizer_config.json gives.
      if special.bos == nil, around.before.count == 1 { result.special.bos = around.before[0] }
      if special.eos == nil, around.after.count == 1 { result.special.eos = around.after[0] }
      let special = result.special
      result.addsBOS = special.bos != nil && around.before == [special.bos]
      result.addsEOS = special.eos != nil && around.after == [special.eos]
    }
    return result
  }

  private func types(_ kind: TokenizerVocabulary.Kind) -> [TokenType] {
    var types = [TokenType](repeating: .normal, count: pieces.count)
    if kind == .llama || kind == .t5 {
      for id in 0..<pieces.count where ByteFallback.byte(pieces[id]) != nil { types[id] = .byte }
    }
    for id in vacant { types[Int(id)] = .unused }
    for token in added { types[Int(token.id)] = token.isSpecial ? .control : .userDefined }
    if kind == .llama || kind == .t5, let unknown = special.unknown {
      types[Int(unknown)] = .unknown
    }
    return types
  }

  private func scores() -> [Float] {
    var scores = [Float](repeating: -Float(built.merges.count), count: pieces.count)
    for (rank, merge) in built.merges.enumerated().reversed() {
      scores[Int(merge.joined)] = -Float(rank)
    }
    for id in vacant { scores[Int(id)] = TokenizerVocabulary.stopgapScore }
    return scores
  }

  /// Whether the stages are SentencePiece's, and put a blank in front.
  private func addsSpacePrefix() throws(SVFTError) -> Bool {
    let marker = Array("▁".utf8)
    var prefixes = false
    var replaces = false
    for stage in stages.normalizers {
      if let prepend = stage as? Prepend, prepend.bytes == marker {
        prefixes = true
      } else if let replace = stage as? Replace, replace.pattern == [0x20],
        replace.content == marker
      {
        replaces = true
      } else {
        throw refusal("normalizer")
      }
    }
    for stage in stages.preTokenizers {
      // Where blanks are none any more, a cut at them cuts nothing.
      if replaces, let split = stage as? MatchSplit, split.isBlankCut { continue }
      guard let metaspace = stage as? Metaspace, metaspace.replacement == marker, !replaces else {
        throw refusal("pre_tokenizer")
      }
      replaces = true
      prefixes = metaspace.prepending != .never
    }
    guard replaces else { throw refusal("normalizer") }
    return prefixes
  }

  private func splitName() throws(SVFTError) -> String {
    guard stages.normalizers.isEmpty else { throw refusal("normalizer") }
    let split = NamedSplit.find(stages.preTokenizers, ignoresMerges: built.ignoresMerges)
    guard let name = split?.names.first else { throw refusal("pre_tokenizer") }
    return name
  }

  func refusal(_ key: String) -> SVFTError {
    SVFTError(.unsupported, "tokenizer.json: GGUF has no name for what its \(key) does")
  }
}

/// BERT's vocabulary in GGUF: "▁" before tokens that begin a word, no "##" before those that do
/// not.
enum PhantomSpace {
  private static let marker = Array("▁".utf8)
  private static let prefix = Array("##".utf8)

  /// GGUF's spelling of a token.
  static func exported(_ piece: [UInt8], _ type: TokenType) -> [UInt8] {
    if type == .control || isBracketed(piece) { return piece }
    return piece.starts(with: prefix) ? Array(piece.dropFirst(prefix.count)) : marker + piece
  }

  /// The spelling with "##" of one of GGUF's tokens.
  static func imported(_ piece: [UInt8], _ type: TokenType) -> [UInt8] {
    if type == .control || isBracketed(piece) { return piece }
    let beginsWord = piece.count > marker.count && piece.starts(with: marker)
    return beginsWord ? Array(piece.dropFirst(marker.count)) : prefix + piece
  }

  /// Tokens such as [unused0] stand for themselves.
  private static func isBracketed(_ piece: [UInt8]) -> Bool {
    piece.count > 2 && piece.first == UInt8(ascii: "[") && piece.last == UInt8(ascii: "]")
  }
}
