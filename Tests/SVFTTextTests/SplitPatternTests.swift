// The hand-written scanners against what their expressions say, and expressions that are not known.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct SplitPatternTests {
  static let gpt2 =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  static let llama3 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"#
    + #"\s*[\r\n]+|\s+(?!\S)|\s+"#

  static func split(_ expression: String) -> JSON {
    [
      "type": "Split", "pattern": ["Regex": .string(expression)], "behavior": "Isolated",
      "invert": false,
    ]
  }

  @Test(arguments: [
    ("a b", ["a", " b"]), ("a  b", ["a", " ", " b"]), ("a \n b", ["a", " \n", " b"]),
    ("I'll we'LL", ["I", "'ll", " we", "'", "LL"]), ("x1234 5", ["x", "1234", " 5"]),
    ("a!? \t", ["a", "!?", " \t"]), ("\tx", ["\t", "x"]), ("é٣中", ["é", "٣", "中"]), ("  ", ["  "]),
  ])
  func gpt2CutsLikeItsExpression(_ text: String, _ expected: [String]) throws {
    #expect(try words(text, by: Self.split(Self.gpt2)) == expected)
  }

  @Test(arguments: [
    ("a b", ["a", " b"]), ("I'LL we'ſx", ["I", "'LL", " we", "'ſ", "x"]),
    ("x1234 5", ["x", "123", "4", " ", "5"]), ("a!?\n\nb", ["a", "!?\n\n", "b"]), ("\tx", ["\tx"]),
    ("a \n b", ["a", " \n", " b"]), ("\n\n  x", ["\n\n", " ", " x"]),
    ("$x ($y)", ["$x", " ($", "y", ")"]),
    ("\nx", ["\n", "x"]), ("'real", ["'re", "al"]), ("a  ", ["a", "  "]),
  ])
  func llama3CutsLikeItsExpression(_ text: String, _ expected: [String]) throws {
    #expect(try words(text, by: Self.split(Self.llama3)) == expected)
  }

  @Test func qwenTakesDigitsOneByOne() throws {
    let expression = Self.llama3.replacing(#"\p{N}{1,3}"#, with: #"\p{N}"#)
    #expect(try words("x123", by: Self.split(expression)) == ["x", "1", "2", "3"])
  }

  @Test(arguments: [
    ("a!?\n\nb", ["a", "!?", "\n\n", "b"]), ("I'LL $x", ["I", "'LL", " $", "x"]), (" \n", [" \n"]),
    ("x12 = 3;\r\n  y", ["x", "1", "2", " =", " ", "3", ";", "\r\n", " ", " y"]),
  ])
  func seedCoderLeavesLineBreaksBySignsAlone(_ text: String, _ expected: [String]) throws {
    let expression =
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}"#
      + #"| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+"#
    #expect(try words(text, by: Self.split(expression)) == expected)
  }

  @Test(arguments: [
    ("a  b", ["a", "b"]), ("it's 123!? x", ["it", "'s", "1", "2", "3", "!?", "x"]),
    ("<|endoftext|>", ["<|", "endoftext", "|>"]), (" \n", []), ("é中٣", ["é中", "٣"]),
  ])
  func clipKeepsNoSpace(_ text: String, _ expected: [String]) throws {
    for start in ["", #"<\|startoftext\|>|<\|endoftext\|>|"#] {
      let expression = start + #"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#
      let cut: JSON = [
        "type": "Split", "pattern": ["Regex": .string(expression)], "behavior": "Removed",
        "invert": true,
      ]
      #expect(try words(text, by: cut) == expected)
    }
  }

  @Test(arguments: ["(a+)+$", "", #"\p{Lu}+"#]) func unknownExpressionsAreRefused(
    _ expression: String
  ) throws {
    let error = failure { _ = try words("aaaa", by: Self.split(expression)) }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains(expression) == true)
  }
}
