// The classes of characters, seen through a split pattern: letters, numbers and signs never share
// a word.
import SVFTFormats
import SVFTText
import Testing

@Suite struct TextUnitTests {
  @Test(arguments: [
    ("a", ["xa"]), ("é", ["xé"]), ("中", ["x中"]), ("ʰ", ["xʰ"]), ("ǅ", ["xǅ"]), ("𝔘", ["x𝔘"]),
    ("1", ["x", "1"]), ("Ⅷ", ["x", "Ⅷ"]), ("½", ["x", "½"]), ("٣", ["x", "٣"]),
    ("!", ["x", "!"]), ("\u{301}", ["x", "\u{301}"]), ("😀", ["x", "😀"]),
    ("\u{200B}", ["x", "\u{200B}"]),
    ("\u{A0}", ["x", "\u{A0}"]), ("\u{3000}", ["x", "\u{3000}"]), ("\u{85}", ["x", "\u{85}"]),
  ])
  func charactersHaveTheirClass(_ character: String, _ expected: [String]) throws {
    let split = SplitPatternTests.split(SplitPatternTests.gpt2)
    #expect(try words("x" + character, by: split) == expected)
  }

  @Test func bytesThatAreNoTextStandForThemselves() throws {
    let tokenizer = try TinyTokenizer.bytes.tokenizer()
    for first in UInt8.min...UInt8.max {
      let bytes = [0x61, first, 0x80, first, 0x62]
      #expect(try tokenizer.decodedBytes(tokenizer.encode(bytes: bytes)) == bytes)
    }
  }
}
