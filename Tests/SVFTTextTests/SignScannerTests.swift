// DeepSeek V3's expression behind its other stages; expected are the words of the `tokenizers`
// package.
import SVFTFormats
import SVFTText
import Testing

@Suite struct SignScannerTests {
  private static let expression =
    ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|"##
    + "[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|"
    + #"\s+(?!\S)|\s+"#

  @Test(arguments: [
    ("the cat's 1234 dogs", ["the", " cat", "'s", " ", "123", "4", " dogs"]),
    ("a\u{D}\u{A}\u{A}b  c", ["a", "\u{D}\u{A}\u{A}", "b", " ", " c"]),
    ("x 中文abc カナ", ["x", " ", "中文", "abc", " ", "カナ"]),
    ("  $5+5=10 ", [" ", " $", "5", "+", "5", "=", "10", " "]),
    ("_foo .bar", ["_foo", " .", "bar"]),
    ("e\u{301}t\u{301} \u{301}x", ["e\u{301}t\u{301}", " \u{301}x"]),
    ("a\u{200D}b \u{7}z", ["a", "\u{200D}b", " ", "\u{7}z"]),
    ("한국 어", ["한국", " 어"]),
    ("¡Hola! «hi»\u{A}\u{A} x", ["¡", "Hola", "!", " «", "hi", "»\u{A}\u{A}", " x"]),
    (" \u{A} ", [" \u{A}", " "]),
  ])
  func deepSeekCutsLikeItsExpressions(_ text: String, _ expected: [String]) throws {
    let stages = ClassRunTests.stages([#"\p{N}{1,3}"#, "[一-龥぀-ゟ゠-ヿ]+", Self.expression])
    #expect(try words(text, by: stages) == expected)
  }
}
