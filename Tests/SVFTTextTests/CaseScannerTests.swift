// The scanners that mind case; the expected words are those of the `tokenizers` package.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct CaseScannerTests {
  private static let large = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
  private static let small = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#

  private static func expression(_ contraction: String, _ number: String) -> JSON {
    let before = #"[^\r\n\p{L}\p{N}]?"#
    return SplitPatternTests.split(
      "\(before)\(large)*\(small)+\(contraction)|\(before)\(large)+\(small)*\(contraction)|"
        + number + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#)
  }

  @Test(arguments: [
    ("camelCase HTTPServer's XMLs", ["camel", "Case", " HTTPServer's", " XMLs"]),
    ("中AB中a Ab中C", ["中AB中a", " Ab中", "C"]),
    ("I'LL we'ſx don't", ["I'LL", " we'ſ", "x", " don't"]),
    ("x1234 5//\n/a", ["x", "123", "4", " ", "5", "//\n/", "a"]),
    ("a!?\r\n\n b \n", ["a", "!?\r\n\n", " b", " \n"]),
    ("$Price ($y)", ["$Price", " ($", "y", ")"]),
    ("e\u{301}E\u{301} \u{301}x", ["e\u{301}", "E\u{301}", " \u{301}x"]),
    ("ǅAb ʰA", ["ǅAb", " ʰ", "A"]),
  ])
  func o200kCutsLikeItsExpression(_ text: String, _ expected: [String]) throws {
    let json = Self.expression("(?i:'s|'t|'re|'ve|'m|'ll|'d)?", #"\p{N}{1,3}"#)
    #expect(try words(text, by: json) == expected)
  }

  @Test(arguments: [
    ("HTTPServer's", ["HTTPServer", "'s"]),
    ("I'LL we'ſx don't", ["I", "'LL", " we", "'ſx", " don", "'t"]),
    ("x1234 5", ["x", "1", "2", "3", "4", " ", "5"]),
  ])
  func tekkenCutsLikeItsExpression(_ text: String, _ expected: [String]) throws {
    #expect(try words(text, by: Self.expression("", #"\p{N}"#)) == expected)
  }
}
