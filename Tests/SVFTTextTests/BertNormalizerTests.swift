// BERT's cleaning, rule by rule.
import SVFTFormats
import SVFTText
import Testing

@Suite struct BertNormalizerTests {
  @Test(arguments: [
    ("Hello\tWorld\n", "hello world "), ("a\u{0}\u{FFFD}\u{200B}\u{7}b", "ab"), ("ÀÉÎ", "aei"),
    ("中x国", " 中 x 国 "), ("한", "\u{1112}\u{1161}\u{11AB}"), ("각", "\u{1100}\u{1161}\u{11A8}"),
    ("가", "\u{1100}\u{1161}"), ("a\u{323}\u{301}", "a"), ("ΑΣ", "ας".replacing("ς", with: "σ")),
    ("İ", "i"), ("x\u{3000}y\u{A0}", "x y "), ("\u{E000}", ""),
  ])
  func uncasedText(_ text: String, _ expected: String) throws {
    let result = try normalized(text, by: ["type": "BertNormalizer"])
    #expect(Array(result.utf8) == Array(expected.utf8))
  }

  @Test func eachRuleCanBeSwitchedOff() throws {
    let off: JSON = [
      "type": "BertNormalizer", "clean_text": false, "handle_chinese_chars": false,
      "strip_accents": false, "lowercase": false,
    ]
    let text = "É中\u{200B}\tX"
    #expect(Array(try normalized(text, by: off).utf8) == Array(text.utf8))
    let accented = try normalized("É", by: ["type": "BertNormalizer", "strip_accents": false])
    #expect(Array(accented.utf8) == Array("é".utf8))
    let cased = try normalized("É", by: ["type": "BertNormalizer", "lowercase": false])
    #expect(Array(cased.utf8) == Array("É".utf8))
  }

  @Test func bytesThatAreNoTextAreDropped() throws {
    let result = try normalized([0x61, 0xFF, 0xC3, 0x62], by: ["type": "BertNormalizer"])
    #expect(result == Array("ab".utf8))
  }
}
