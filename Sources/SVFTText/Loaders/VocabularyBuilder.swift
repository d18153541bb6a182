// A tokenizer from a vocabulary in GGUF's terms. What tokenizer.json says in stages, GGUF says by
// the name of a kind; the stages that each kind stands for are set up here, one function per kind.
//
// Control tokens take no part in merging or matching: text cannot become one unless it is asked to.
package import SVFTTensor

extension Tokenizer {
  /// The tokenizer of a vocabulary.
  ///
  /// Throws `.format` for a broken one and `.unsupported` for an unknown split pattern, by its
  /// name.
  package convenience init(vocabulary: TokenizerVocabulary) throws(SVFTError) {
    let builder = try VocabularyBuilder(vocabulary)
    try self.init(try builder.book(), try builder.stages())
  }
}

/// Sets up the stages of one vocabulary.
struct VocabularyBuilder {
  let vocabulary: TokenizerVocabulary
  /// Spellings as decoders expect them.
  private let pieces: PieceTable
  private let special: SpecialTokens

  private static let marker = Array("▁".utf8)

  init(_ vocabulary: TokenizerVocabulary) throws(SVFTError) {
    try vocabulary.validate()
    self.vocabulary = vocabulary
    pieces = try PieceTable(
      vocabulary.tokens.indices.map { id in
        guard !vocabulary.isVacant(id) else { return nil }
        let token = vocabulary.tokens[id]
        guard vocabulary.kind == .bert else { return token }
        return PhantomSpace.imported(token, vocabulary.types[id])
      })
    special = Self.customary(vocabulary, pieces)
  }

  /// The roles of the file, or those of tokens with the customary spelling.
  private static func customary(
    _ vocabulary: TokenizerVocabulary, _ pieces: PieceTable
  ) -> SpecialTokens {
    var special = vocabulary.special
    func find(_ text: String) -> Int32? {
      guard let id = pieces.find(Array(text.utf8)) else { return nil }
      let type = vocabulary.types[Int(id)]
      return type == .control || type == .unknown ? id : nil
    }
    switch vocabulary.kind {
    case .llama, .t5:
      special.bos = special.bos ?? find("<s>")
      special.eos = special.eos ?? find("</s>")
      special.unknown = special.unknown ?? find("<unk>")
    case .gpt2: break
    case .bert:
      special.unknown = special.unknown ?? find("[UNK]")
      special.classification = special.classification ?? special.bos ?? find("[CLS]")
      special.separator = special.separator ?? special.eos ?? find("[SEP]")
      special.padding = special.padding ?? find("[PAD]")
      special.mask = special.mask ?? find("[MASK]")
    }
    return special
  }

  /// The list of tokens.
  func book() throws(SVFTError) -> TokenBook {
    var added: [AddedToken] = []
    for (id, type) in vocabulary.types.enumerated() where type.isAdded {
      let id = Int32(truncatingIfNeeded: id)
      var token = AddedToken(id: id, content: pieces[Int(id)])
      token.isSpecial = type != .userDefined
      if !token.content.isEmpty { added.append(token) }
    }
    let vocabulary = vocabulary
    let vacant = vocabulary.tokens.indices.filter { vocabulary.isVacant($0) }
    return try TokenBook(
      pieces: pieces, vacant: vacant.map { Int32(truncatingIfNeeded: $0) }, added: added,
      special: special
    ) {
      () throws(SVFTError) in
      guard vocabulary.kind == .t5 || vocabulary.rules.isEmpty else {
        throw SVFTError(
          .unsupported,
          "SentencePiece's rules of normalisation have no place beside its byte pairs")
      }
      return vocabulary
    }
  }

  /// The stages of the vocabulary's kind.
  func stages() throws(SVFTError) -> Tokenizer.Stages {
    switch vocabulary.kind {
    case .llama: try sentencePiece()
    case .gpt2: try byteLevel()
    case .bert: try wordPiece()
    case .t5: try unigram()
    }
  }

  private func sentencePiece() throws(SVFTError) -> Tokenizer.Stages {
    guard let scores = vocabulary.scores else {
      throw SVFTError(.format, "tokenizer.ggml.scores: the key is missing")
    }
    for (id, type) in vocabulary.types.enumerated() where type == .byte {
      if ByteFallback.byte(pieces[id]) == nil {
        let text = String(decoding: pieces[id], as: UTF8.self)
        throw SVFTError(.format, "byte token \(id): expected <0x00> to <0xFF>, found “\(text)”")
      }
    }
    var options = BytePairModel<ScoredMerges>.Options()
    options.unit = .character
    options.byteTokens = ByteFallback.tokens(pieces)
    options.unknown = special.unknown
    options.fusesUnknown = true
    let findable = try PieceTable(
      zip(vocabulary.tokens, vocabulary.types).map { $1.isMatched ? $0 : nil })
    return Tokenizer.Stages(
      normalizers: [try sentencePieceNormalizer()],
      preTokenizers: prefixesBeginning ? [FirstMarker(marker: Self.marker)] : [],
      model: BytePairModel(findable, try ScoredMerges(scores, of: findable), options),
      template: try around(defaultBOS: true), decoders: sentencePieceDecoders)
  }

  private func unigram() throws(SVFTError) -> Tokenizer.Stages {
    guard let scores = vocabulary.scores else {
      throw SVFTError(.format, "tokenizer.ggml.scores: the key is missing")
    }
    var options = UnigramModel.Options()
    options.unknown = special.unknown
    options.byteTokens = ByteFallback.tokens(pieces)
    options.splitsUnknown = true
    let types = vocabulary.types
    let worst = zip(scores, types).filter { $1 == .normal }.map { Double($0.0) }.min()
    let model = try UnigramModel(
      pieces, scores.map(Double.init), options, where: { types[$0].isMatched }, worst: worst)
    return Tokenizer.Stages(
      normalizers: [try sentencePieceNormalizer()], model: model,
      template: try around(defaultBOS: false), decoders: sentencePieceDecoders)
  }

  /// Whether the blank in front comes where the beginning of a text is known: behind normalising.
  private var prefixesBeginning: Bool {
    vocabulary.prefixesBeginning && vocabulary.addsSpacePrefix ?? true
  }

  private func sentencePieceNormalizer() throws(SVFTError) -> SentencePieceNormalizer {
    SentencePieceNormalizer(
      map: vocabulary.rules.isEmpty
        ? nil : try CharacterMap(vocabulary.rules, "precompiled_charsmap"),
      addsPrefix: (vocabulary.addsSpacePrefix ?? true) && !prefixesBeginning,
      removesExtra: vocabulary.removesExtraSpaces ?? false)
  }

  private var sentencePieceDecoders: [any PieceDecoder] {
    let strip: [any PieceDecoder] =
      vocabulary.addsSpacePrefix ?? true ? [StripFirst([0x20])] : []
    return [Replace(Self.marker, by: [0x20]), ByteFallback()] + strip
  }

  private func byteLevel() throws(SVFTError) -> Tokenizer.Stages {
    if vocabulary.pre == nil {
      Log.warn(
        "tokenizer.ggml.pre: the key is missing; words are cut as llama.cpp cuts them then, which "
          + "may not be how the model was trained")
    }
    let name = vocabulary.pre ?? NamedSplit.unnamed
    guard let split = NamedSplit.find(name) else {
      throw SVFTError(.unsupported, "tokenizer.ggml.pre: the split pattern \(name) is not known")
    }
    let findable = try PieceTable(
      vocabulary.tokens.indices.map { id in
        guard vocabulary.types[id] != .control, !vocabulary.isVacant(id) else { return nil }
        return ByteAlphabet.decode(vocabulary.tokens[id])
      })
    var merges: [MergePair] = []
    merges.reserveCapacity(vocabulary.merges.count)
    for (rank, merge) in vocabulary.merges.enumerated() {
      guard let blank = merge.firstIndex(of: 0x20) else {
        throw SVFTError(
          .format, "tokenizer.ggml.merges[\(rank)]: expected two tokens apart by a blank")
      }
      merges.append(
        try MergePair(
          merge[..<blank], merge[(blank + 1)...], in: findable, isByteLevel: true,
          "tokenizer.ggml.merges[\(rank)]"))
    }
    var options = BytePairModel<RankedMerges>.Options()
    options.ignoreMerges = split.ignoresMerges
    return Tokenizer.Stages(
      preTokenizers: split.stages + [BytesAsTokens()],
      model: BytePairModel(findable, try RankedMerges(merges), options),
      template: try template(split), decoders: [ByteLevel()])
  }

  private func template(_ split: NamedSplit) throws(SVFTError) -> SegmentTemplate {
    let usual = try around(defaultBOS: split.addsBOS)
    let (before, after) = usual.around
    guard vocabulary.pre == NamedSplit.roberta, before.count == 1, after.count == 1 else {
      return usual
    }
    return SegmentTemplate(roberta: before[0], separator: after[0])
  }

  private func wordPiece() throws(SVFTError) -> Tokenizer.Stages {
    guard let unknown = special.unknown else {
      throw SVFTError(.format, "tokenizer.ggml.unknown_token_id: the key is missing")
    }
    guard let begin = special.classification, let end = special.separator else {
      throw SVFTError(.format, "tokenizer.ggml.cls_token_id: the key is missing")
    }
    let findable = try PieceTable(
      zip(0..<pieces.count, vocabulary.types).map { $1.isMatched ? pieces[$0] : nil })
    let prefix = Array("##".utf8)
    return Tokenizer.Stages(
      normalizers: [BertNormalizer()], preTokenizers: [SplitAtSpace(isolatesPunctuation: true)],
      model: WordPieceModel(findable, unknown: unknown, prefix: prefix, longestWord: 100),
      template: SegmentTemplate(classification: begin, separator: end),
      decoders: [WordPieceDecoder(prefix: prefix, cleansUp: true)])
  }

  /// bos and eos as the file wants them.
  ///
  /// Wanting one that is not there is an error, unless by default.
  private func around(defaultBOS: Bool) throws(SVFTError) -> SegmentTemplate {
    let wantsBOS = vocabulary.addsBOS ?? (defaultBOS && special.bos != nil)
    let before = wantsBOS ? try required(special.bos, "bos") : []
    let after = vocabulary.addsEOS ?? false ? try required(special.eos, "eos") : []
    return SegmentTemplate(before: before, after: after)
  }

  private func required(_ id: Int32?, _ name: String) throws(SVFTError) -> [Int32] {
    guard let id else {
      throw SVFTError(
        .format,
        "tokenizer.ggml.add_\(name)_token: expected a tokenizer.ggml.\(name)_token_id, found none")
    }
    return [id]
  }
}

extension TokenType {
  /// Sought in the text before the model.
  fileprivate var isAdded: Bool { self == .control || self == .unknown || self == .userDefined }
  /// Found by the model itself.
  fileprivate var isMatched: Bool { self == .normal || self == .userDefined }
}
