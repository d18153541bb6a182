// A vocabulary as GGUF writes it down (tokenizer.ggml.*), which is also what every tokenizer can
// be asked for: an exported file carries exactly these values. Spelling is GGUF's: GPT-2's byte
// alphabet, "▁" for SentencePiece, and for BERT "▁" before words instead of "##" inside them.
package import SVFTTensor

/// What a token is, by GGUF's numbers.
package enum TokenType: Int32, Sendable {
  case normal = 1
  case unknown = 2
  case control = 3
  case userDefined = 4
  case unused = 5
  case byte = 6
}

/// The ids of the tokens with a role.
///
/// Absent roles are nil.
package struct SpecialTokens: Sendable, Equatable {
  package var bos: Int32?
  package var eos: Int32?
  package var unknown: Int32?
  package var separator: Int32?
  package var padding: Int32?
  package var classification: Int32?
  package var mask: Int32?

  /// No roles.
  package init() {}

  /// The roles that are there, by the names of tokenizer_config.json.
  package var named: [(name: String, id: Int32)] {
    Self.roles.compactMap { role in self[keyPath: role.path].map { (role.name, $0) } }
  }

  /// Role names as tokenizer_config.json and messages spell them, with the place of each.
  static let roles: [(name: String, path: any WritableKeyPath<SpecialTokens, Int32?> & Sendable)] =
    [
      ("bos_token", \.bos), ("eos_token", \.eos), ("unk_token", \.unknown),
      ("sep_token", \.separator), ("pad_token", \.padding), ("cls_token", \.classification),
      ("mask_token", \.mask),
    ]
}

/// Everything that a GGUF file says about its tokenizer.
package struct TokenizerVocabulary: Sendable, Equatable {
  /// The kind, by its name in tokenizer.ggml.model.
  package enum Kind: String, Sendable {
    /// SentencePiece-style byte-pair encoding by scores.
    case llama
    /// Byte-level byte-pair encoding by merges.
    case gpt2
    /// WordPiece.
    case bert
    /// SentencePiece's unigrams.
    case t5
  }

  /// The kind of the tokenizer.
  package var kind: Kind
  /// The name of the split pattern (tokenizer.ggml.pre).
  package var pre: String?
  /// The tokens' spellings, by id.
  package var tokens: [[UInt8]]
  /// Scores, by id (`llama` and `t5` only).
  package var scores: [Float]?
  /// Types, by id.
  package var types: [TokenType]
  /// Merges in order of rank, the two spellings apart by a blank (`gpt2` only).
  package var merges: [[UInt8]] = []
  /// The ids with a role.
  package var special = SpecialTokens()
  /// Whether a text begins with bos; nil where the file does not say.
  package var addsBOS: Bool?
  /// Whether a text ends with eos; nil where the file does not say.
  package var addsEOS: Bool?
  /// Whether a blank is put in front of a text (`llama` and `t5`); nil where the file does not say.
  package var addsSpacePrefix: Bool?
  /// Whether that blank stands before the very beginning of a text alone, and before no stretch
  /// behind an added token (`llama`); GGUF has no word for it.
  package var prefixesBeginning = false
  /// SentencePiece's compiled rules of normalisation (`llama` and `t5`); none where empty.
  package var rules: [UInt8] = []
  /// Whether blanks at the ends go and one stays of several; nil where the file does not say.
  package var removesExtraSpaces: Bool?

  /// A vocabulary of these tokens.
  package init(kind: Kind, tokens: [[UInt8]], types: [TokenType]) {
    self.kind = kind
    self.tokens = tokens
    self.types = types
  }

  /// The same with a token for each of a model's `rows`, as the writers of GGUF files fill up a
  /// vocabulary: "[PADn]", unused.
  package func padded(to rows: Int) -> TokenizerVocabulary {
    var result = self
    for id in tokens.count..<max(rows, tokens.count) {
      result.tokens.append(Self.stopgap(id))
      result.types.append(.unused)
      result.scores?.append(Self.stopgapScore)
    }
    return result
  }

  /// The score of a token that nothing is to be merged into.
  static let stopgapScore: Float = -10_000

  /// What stands for an id that no token has.
  static func stopgap(_ id: Int) -> [UInt8] { Array("[PAD\(id)]".utf8) }

  /// Whether no token has the id: what stands there is a stopgap.
  func isVacant(_ id: Int) -> Bool { types[id] == .unused && tokens[id] == Self.stopgap(id) }

  /// Throws `.format` where counts differ or a role has no token.
  package func validate() throws(SVFTError) {
    let count = tokens.count
    guard count > 0 else { throw SVFTError(.format, "vocabulary: expected tokens, found none") }
    for (name, found) in [("token types", types.count), ("scores", scores?.count ?? count)]
    where found != count {
      throw SVFTError(.format, "\(name): expected one for each of \(count) tokens, found \(found)")
    }
    try special.validate(count: count)
  }
}

extension SpecialTokens {
  /// Throws `.format` for an id outside `0..<count`.
  func validate(count: Int) throws(SVFTError) {
    for (name, path) in Self.roles {
      guard let id = self[keyPath: path] else { continue }
      guard id >= 0, id < count else {
        throw SVFTError(.format, "\(name): expected an id below \(count), found \(id)")
      }
    }
  }
}
