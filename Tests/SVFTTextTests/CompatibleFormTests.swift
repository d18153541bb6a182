// NFKC and NFKD. The expected ones are Python's unicodedata's.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct CompatibleFormTests {
  private static let text = "ﬁ Ａ①½ ㎏\u{FDFA}ſ\u{323}\u{307} Å한글ｶﾞ²\u{A0}…\u{2126}𝔸"

  @Test func formsAreUnicodes() throws {
    let composed = try normalized(Self.text, by: ["type": "NFKC"])
    let expected =
      "fi A11⁄2 kgصلى الله عليه وسلمṩ Å한글ガ2 ...ΩA"
    #expect(Array(composed.utf8) == Array(expected.utf8))
    let apart = try normalized("ﬁÅ한½ｶﾞ", by: ["type": "NFKD"])
    #expect(
      Array(apart.unicodeScalars)
        == Array("fiA\u{30A}\u{1112}\u{1161}\u{11AB}1⁄2カ\u{3099}".unicodeScalars))
  }

  @Test func whatHasNoFormStays() throws {
    #expect(try normalized("plain é", by: ["type": "NFKC"]) == "plain é")
    #expect(try normalized([0xFF, 0x61], by: ["type": "NFKD"]) == Array("\u{FFFD}a".utf8))
  }
}
