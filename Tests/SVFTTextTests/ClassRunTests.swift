// Runs of classes as DeepSeek Coder's tokenizer sets them apart; expected are the words of the
// `tokenizers` package.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct ClassRunTests {
  /// A sequence of stages that cut at expressions.
  static func stages(_ expressions: [String], _ last: JSON? = nil) -> JSON {
    let cuts = expressions.map { SplitPatternTests.split($0) }
    return ["type": "Sequence", "pretokenizers": .array(cuts + [last].compactMap { $0 })]
  }

  private static let coder = stages(
    ["[\r\n]", #"\s?\p{L}+"#, #"\s?\p{P}+"#, "[一-龥ࠀ-一가-퟿]+"],
    ["type": "Digits", "individual_digits": true])

  @Test(arguments: [
    ("the cat's 1234 dogs", ["the", " cat", "'", "s", " ", "1", "2", "3", "4", " dogs"]),
    ("a\u{D}\u{A}\u{A}b  c", ["a", "\u{D}", "\u{A}", "\u{A}", "b", " ", " c"]),
    ("x 中文abc カナ", ["x", " ", "中文", "abc", " ", "カナ"]),
    ("  $5+5=10 ", ["  $", "5", "+", "5", "=", "1", "0", " "]),
    ("_foo .bar", ["_", "foo", " .", "bar"]),
    ("e\u{301}t\u{301} \u{301}x", ["e", "\u{301}", "t", "\u{301} \u{301}", "x"]),
    ("a\u{200D}b \u{7}z", ["a", "\u{200D}", "b", " \u{7}", "z"]),
    ("한국 어", ["한국", " ", "어"]),
    ("¡Hola! «hi»\u{A}\u{A} x", ["¡", "Hola", "!", " «", "hi", "»", "\u{A}", "\u{A}", " x"]),
    (" \u{A} ", [" ", "\u{A}", " "]),
  ])
  func deepSeekCoderCutsLikeItsExpressions(_ text: String, _ expected: [String]) throws {
    #expect(try words(text, by: Self.coder) == expected)
  }

  @Test(arguments: [
    (#"\s+$"#, "a  b \t", ["a  b", " \t"]), (#"\s+$"#, "  ", ["  "]),
    (#"\p{N}+"#, "a123b", ["a", "123", "b"]),
    ("[!-/:-@]+", "a-b", ["a", "-", "b"]), ("[ab-]", "xa-", ["x", "a", "-"]),
    (#"[\p{P}\$\+<=>\^~\|`]+"#, "a$(«b»)_1\\`c", ["a", "$(«", "b", "»)_", "1", "\\`", "c"]),
    (#"[\]\-x\p{N}]+"#, "a-]x7b", ["a", "-]x7", "b"]),
    ("[0-9][0-9][0-9]", "1234567 12a345", ["123", "456", "7 12a", "345"]),
    ("[0-9][0-9][0-9]", "12٣٤٥", ["12٣٤٥"]),
  ])
  func otherRunsAreKnownToo(_ expression: String, _ text: String, _ expected: [String]) throws {
    #expect(try words(text, by: Self.stages([expression])) == expected)
  }

  @Test(arguments: [
    "[z-a]+", "[^a]+", #"[\w]+"#, "[a", "[]+", #"\s?"#, #"\p{Sc}+"#, "[a]{2}", "[a]*",
    "[0-9]{3}", #"[\d]+"#, #"[\"#, #"[a\"#, #"[a-\p{P}]"#, #"[\p{S}]+"#, "[0-9][0-9]",
    "[[:alpha:]]+",
  ])
  func otherExpressionsAreRefused(_ expression: String) {
    let error = failure { _ = try words("a", by: Self.stages([expression])) }
    #expect(error?.kind == .unsupported)
  }

  @Test(arguments: ["deepseek-coder", "deepseek-llm", "deepseek-v3", "falcon", "default"])
  func namesGoThroughBothContainers(
    _ name: String
  ) throws {
    let bytes = try TinyTokenizer.bytes.tokenizer().vocabulary()
    var vocabulary = bytes
    vocabulary.pre = name
    let one = try Tokenizer(vocabulary: vocabulary)
    let other = try TokenizerVocabularyFilesTests.rewritten(vocabulary)
    #expect(try other.vocabulary().pre == name)
    let cutters = try vocabulary.files()[0].json.root("file").object("pre_tokenizer")
    let counts = [
      "deepseek-coder": 6, "deepseek-llm": 7, "deepseek-v3": 4, "falcon": 4, "default": 5,
    ]
    #expect(try cutters.array("pretokenizers").count == counts[name])
    for text in ["the keeper's 1907\r\n灯台 x", "  $5 ", "", "a||`b` 12345 <=> ٣٤"] {
      #expect(try other.encode(text) == one.encode(text))
    }
  }
}
