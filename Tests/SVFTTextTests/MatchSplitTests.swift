// Cutting at matches; the expected words are those of the `tokenizers` package.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct MatchSplitTests {
  private static let signs = "a,b--c.. d_e1 é—f"

  @Test(arguments: [
    ("Isolated", ["a", ",", "b", "-", "-", "c", ".", ".", " d", "_", "e1 é", "—", "f"]),
    ("Removed", ["a", "b", "c", " d", "e1 é", "f"]),
    ("Contiguous", ["a", ",", "b", "--", "c", "..", " d", "_", "e1 é", "—", "f"]),
    ("MergedWithPrevious", ["a,", "b-", "-", "c.", ".", " d_", "e1 é—", "f"]),
    ("MergedWithNext", ["a", ",b", "-", "-c", ".", ". d", "_e1 é", "—f"]),
  ])
  func punctuationIsCutAt(_ behavior: String, _ expected: [String]) throws {
    let json: JSON = ["type": "Punctuation", "behavior": .string(behavior)]
    #expect(try words(Self.signs, by: json) == expected)
  }

  @Test(arguments: [
    ("Isolated", false, ["--", "a", "--", "b", "--", "--", "c", "--"]),
    ("Removed", false, ["a", "b", "c"]), ("Removed", true, ["--", "--", "--", "--", "--"]),
    ("Contiguous", false, ["--", "a", "--", "b", "----", "c", "--"]),
    ("MergedWithPrevious", false, ["--", "a--", "b--", "--", "c--"]),
    ("MergedWithPrevious", true, ["--a", "--b", "--", "--c", "--"]),
    ("MergedWithNext", false, ["--a", "--b", "--", "--c", "--"]),
    ("MergedWithNext", true, ["--", "a--", "b--", "--", "c--"]),
  ])
  func stringsAreCutAt(_ behavior: String, _ inverts: Bool, _ expected: [String]) throws {
    let json: JSON = [
      "type": "Split", "pattern": ["String": "--"], "behavior": .string(behavior),
      "invert": .bool(inverts),
    ]
    #expect(try words("--a--b----c--", by: json) == expected)
  }

  @Test func runsOfSpaceAreCutAt() throws {
    let json: JSON = [
      "type": "Split", "pattern": ["Regex": #"\s+"#], "behavior": "MergedWithNext",
    ]
    #expect(try words(" a  b\n c", by: json) == [" a", "  b", "\n c"])
  }

  @Test func wordsAndSignsAreToldApart() throws {
    let expected = ["a", ",", "b", "--", "c", "..", "d_e1", "é", "—", "f"]
    #expect(try words(Self.signs, by: ["type": "Whitespace"]) == expected)
    let delimited: JSON = ["type": "CharDelimiterSplit", "delimiter": "b"]
    #expect(try words("abcbb d", by: delimited) == ["a", "c", " d"])
  }

  @Test(arguments: [
    #"{"type":"Punctuation","behavior":"Eaten"}"#,
    #"{"type":"Split","pattern":{"String":"a"},"behavior":"Eaten"}"#,
    #"{"type":"Split","pattern":{"Regex":"(a+)+"},"behavior":"Isolated"}"#,
  ])
  func whatIsNotKnownIsRefused(_ json: String) {
    let error = failure { _ = try words("a", by: try JSON.parse(json)) }
    #expect(error?.kind == .unsupported)
  }
}
