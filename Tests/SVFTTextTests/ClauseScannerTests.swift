// BLOOM's way of cutting; expected are the words of the `tokenizers` package.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct ClauseScannerTests {
  private static let expression = #" ?[^(\s|[.,!?…。，、।۔،])]+"#

  @Test(arguments: [
    ("The sea, 12 lamps.", ["The", " sea", ",", " 12", " lamps", "."]),
    ("a  b\n c", ["a", " ", " b", "\n", " c"]), ("(x|y) ...", ["(", "x", "|", "y", ") ..."]),
    ("...(", ["...("]), ("  ", ["  "]), ("हाँ। नहीं", ["हाँ", "।", " नहीं"]), (" a", [" a"]),
    ("a ,b", ["a", " ,", "b"]), ("\u{3000}x y", ["\u{3000}", "x", " y"]),
  ])
  func clausesAreCutLikeTheirExpression(_ text: String, _ expected: [String]) throws {
    #expect(try words(text, by: SplitPatternTests.split(Self.expression)) == expected)
  }

  @Test(arguments: ["bloom", "viking", "seed-coder"])
  func namesGoThroughBothContainers(_ name: String) throws {
    var vocabulary = try TinyTokenizer.bytes.tokenizer().vocabulary()
    vocabulary.pre = name
    let one = try Tokenizer(vocabulary: vocabulary)
    let other = try TokenizerVocabularyFilesTests.rewritten(vocabulary)
    #expect(try other.vocabulary().pre == name)
    for text in ["the keeper's 1907\r\n灯台 x", "  $5, (a|b)!?\n\n", "", "a। 12345 <=> ٣٤"] {
      #expect(try other.encode(text) == one.encode(text))
    }
  }
}
