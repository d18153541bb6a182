// The regular expressions by which byte-level tokenizers cut text into words, as scanners written
// by hand: linear, and nothing foreign is ever run as an expression. A pattern is chosen by its
// exact text in tokenizer.json or by the name in GGUF's tokenizer.ggml.pre; an unknown one is
// refused by name.
//
// A new pattern is a scanner and a row in `all`.

/// One known pattern.
struct SplitPattern: Sendable {
  /// Its name in `NamedSplit`.
  let name: String
  /// The spellings of the expression in tokenizer.json.
  let expressions: [String]
  /// Where the word that begins at an index ends.
  let end: @Sendable (_ text: [UInt8], _ start: Int, _ limit: Int) -> Int
  /// Whether white space, which the expression does not match, is between words and no word.
  var leavesSpace = false

  /// Every known pattern.
  static let all: [SplitPattern] = [
    gpt2, numbersByThree, numbersByOne, code, o200k, tekken, clip, signs, clauses,
  ]

  /// GPT-2's: contractions, then letters, digits or signs with a space before them, then spaces.
  static let gpt2 = SplitPattern(
    name: "gpt2",
    expressions: [
      #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
      #"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
    ], end: GPT2Scanner.end)

  /// Llama 3's (cl100k): numbers in groups of three, a sign may open a word, line breaks end one.
  static let numbersByThree = SplitPattern(
    name: "numbersByThree",
    expressions: wideExpressions(number: #"\p{N}{1,3}"#),
    end: { WideScanner(digits: 3).end($0, $1, $2) })

  /// Qwen 2's: as above, every digit alone.
  static let numbersByOne = SplitPattern(
    name: "numbersByOne",
    expressions: wideExpressions(number: #"\p{N}"#),
    end: { WideScanner(digits: 1).end($0, $1, $2) })

  /// Seed-Coder's: as Qwen 2's, but signs take no line breaks along.
  static let code = SplitPattern(
    name: "code",
    expressions: [
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}"#
        + #"| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+"#
    ],
    end: { WideScanner(digits: 1, takesBreaks: false).end($0, $1, $2) })

  /// o200k's: words by their case, numbers in groups of three.
  static let o200k = SplitPattern(
    name: "o200k",
    expressions: [
      caseExpression(contraction: "(?i:'s|'t|'re|'ve|'m|'ll|'d)?", number: #"\p{N}{1,3}"#)
    ],
    end: { CaseScanner(digits: 3, takesContractions: true).end($0, $1, $2) })

  /// Tekken's: as o200k's, every digit alone and no contractions.
  static let tekken = SplitPattern(
    name: "tekken",
    expressions: [caseExpression(contraction: "", number: #"\p{N}"#)],
    end: { CaseScanner(digits: 1, takesContractions: false).end($0, $1, $2) })

  /// CLIP's: contractions, letters, single digits, signs; nothing takes a space along. Its control
  /// tokens, in the newer spelling, are cut by the stage behind it anyway.
  static let clip = SplitPattern(
    name: "clip",
    expressions: ["", #"<\|startoftext\|>|<\|endoftext\|>|"#].map {
      $0 + #"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#
    }, end: CLIPScanner.end, leavesSpace: true)

  /// DeepSeek V3's, behind stages that set numbers and East Asian characters apart.
  static let signs = SplitPattern(
    name: "signs",
    expressions: ["\r\n", #"\r\n"#].map {
      ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^"## + $0
        + #"\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+["# + $0 + #"]*|\s*["# + $0
        + #"]+|\s+(?!\S)|\s+"#
    }, end: SignScanner.end)

  /// BLOOM's: what stands between spaces, signs that divide sentences, brackets and bars, with a
  /// blank before it.
  static let clauses = SplitPattern(
    name: "clauses",
    expressions: [
      #" ?[^(\s|[.,!?…。，、।۔،])]+"#, #" ?[^(\s|.,!?…。，、।۔،)]+"#,
    ], end: ClauseScanner.end)

  private static func caseExpression(contraction: String, number: String) -> String {
    let (large, small) = (#"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#, #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#)
    let before = #"[^\r\n\p{L}\p{N}]?"#
    return "\(before)\(large)*\(small)+\(contraction)|\(before)\(large)+\(small)*\(contraction)|"
      + number + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// The pattern spelled `expression`, or nil.
  static func find(_ expression: String) -> SplitPattern? {
    all.first { pattern in
      pattern.expressions.contains { $0.utf8.elementsEqual(expression.utf8) }
    }
  }

  private static func wideExpressions(number: String) -> [String] {
    [
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)"#,
      #"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"#,
    ]
    .map {
      $0 + #"|[^\r\n\p{L}\p{N}]?\p{L}+|"# + number
        + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }
  }
}

/// The scanner of GPT-2's expression.
enum GPT2Scanner {
  static func end(_ text: [UInt8], _ start: Int, _ limit: Int) -> Int {
    if let end = Contraction.end(text, start, limit, ignoringCase: false) { return end }
    let first = TextUnit(text, at: start, limit: limit)
    if text[start] == 0x20, start + 1 < limit {
      let kind = TextUnit(text, at: start + 1, limit: limit).kind
      if kind != .space { return text.runEnd(of: kind, start + 1, limit) }
    }
    let kind = first.kind
    if kind != .space { return text.runEnd(of: kind, start, limit) }
    return text.spaceEnd(start, limit)
  }
}

/// The scanner of CLIP's expression.
enum CLIPScanner {
  static func end(_ text: [UInt8], _ start: Int, _ limit: Int) -> Int {
    if let end = Contraction.end(text, start, limit, ignoringCase: false) { return end }
    let first = TextUnit(text, at: start, limit: limit)
    return first.kind == .number ? start + first.length : text.runEnd(of: first.kind, start, limit)
  }
}

/// The scanner of the expressions of Llama 3 and Qwen 2, which differ in how many digits stay
/// together.
struct WideScanner {
  let digits: Int
  /// Signs take line breaks behind them along.
  var takesBreaks = true
  /// They take slashes along, too.
  var takesSlashes = false

  func end(_ text: [UInt8], _ start: Int, _ limit: Int) -> Int {
    if let end = Contraction.end(text, start, limit, ignoringCase: true) { return end }
    let first = TextUnit(text, at: start, limit: limit)
    let kind = first.kind
    let second = start + first.length
    let next = second < limit ? TextUnit(text, at: second, limit: limit).kind : .space
    switch kind {
    case .letter: return text.runEnd(of: .letter, start, limit)
    case .other, .space:
      if next == .letter, !first.isLineBreak { return text.runEnd(of: .letter, second, limit) }
    case .number: break
    }
    return rest(text, start, limit)
  }

  /// The end of what is no word: numbers, signs, space.
  func rest(_ text: [UInt8], _ start: Int, _ limit: Int) -> Int {
    let first = TextUnit(text, at: start, limit: limit)
    let second = start + first.length
    switch first.kind {
    case .letter: return second
    case .number: return numberEnd(text, start, limit)
    case .other: return signEnd(text, start, limit)
    case .space:
      let next = second < limit ? TextUnit(text, at: second, limit: limit).kind : .space
      if text[start] == 0x20, next == .other { return signEnd(text, second, limit) }
      return text.lastLineBreakEnd(start, limit) ?? text.spaceEnd(start, limit)
    }
  }

  private func numberEnd(_ text: [UInt8], _ start: Int, _ limit: Int) -> Int {
    var index = start
    for _ in 0..<digits where index < limit {
      let unit = TextUnit(text, at: index, limit: limit)
      if unit.kind != .number { break }
      index += unit.length
    }
    return index
  }

  /// Signs, and the line breaks directly behind them.
  private func signEnd(_ text: [UInt8], _ start: Int, _ limit: Int) -> Int {
    var index = text.runEnd(of: .other, start, limit)
    guard takesBreaks else { return index }
    while index < limit,
      text[index] == 0x0A || text[index] == 0x0D || takesSlashes && text[index] == 0x2F
    { index += 1 }
    return index
  }
}

/// 's 't 're 've 'm 'll 'd.
enum Contraction {
  static func end(_ text: [UInt8], _ start: Int, _ limit: Int, ignoringCase: Bool) -> Int? {
    guard text[start] == 0x27, start + 1 < limit else { return nil }
    let first = letter(text[start + 1], ignoringCase)
    switch first {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
      return start + 2
    default: break
    }
    // Under Unicode's case folding the long s (U+017F) is an s.
    if ignoringCase, start + 2 < limit, text[start + 1] == 0xC5, text[start + 2] == 0xBF {
      return start + 3
    }
    guard start + 2 < limit else { return nil }
    switch (first, letter(text[start + 2], ignoringCase)) {
    case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
      (UInt8(ascii: "l"), UInt8(ascii: "l")):
      return start + 3
    default: return nil
    }
  }

  private static func letter(_ byte: UInt8, _ ignoringCase: Bool) -> UInt8 {
    ignoringCase && (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
  }
}

extension [UInt8] {
  /// The end of the run of one kind that begins at `start`.
  fileprivate func runEnd(of kind: TextUnit.Kind, _ start: Int, _ limit: Int) -> Int {
    var index = start
    while index < limit {
      let unit = TextUnit(self, at: index, limit: limit)
      if unit.kind != kind { break }
      index += unit.length
    }
    return index
  }

  /// `\s+(?!\S)|\s+`: a run of space leaves its last character to a word that follows.
  func spaceEnd(_ start: Int, _ limit: Int) -> Int {
    var index = start
    var last = start
    while index < limit {
      let unit = TextUnit(self, at: index, limit: limit)
      if unit.kind != .space { break }
      last = index
      index += unit.length
    }
    return index < limit && last > start ? last : index
  }

  /// `\s*[\r\n]+`: the end of the last line break in the run of space at `start`.
  func lastLineBreakEnd(_ start: Int, _ limit: Int) -> Int? {
    var index = start
    var end: Int?
    while index < limit {
      let unit = TextUnit(self, at: index, limit: limit)
      if unit.kind != .space { break }
      index += unit.length
      if unit.isLineBreak { end = index }
    }
    return end
  }
}
