// Words met again give the ids they gave before.
import SVFTText
import Testing

@Suite struct WordCacheTests {
  @Test(arguments: TinyTokenizer.lossless)
  func repetitionChangesNothing(_ tiny: TinyTokenizer) throws {
    let tokenizer = try tiny.tokenizer()
    // A new text at each call sees an empty cache; the long text sees a full one.
    let texts = ["the lamp", "the light", "keeper's é", "灯台", "the lamp"]
    let once = try texts.flatMap { try tokenizer.encode(" " + $0 + "\n", addSpecial: false) }
    let whole = texts.map { " " + $0 + "\n" }.joined()
    let many = try tokenizer.encode(String(repeating: whole, count: 50), addSpecial: false)
    if tiny == .bytes {
      #expect(many == Array(repeatElement(once, count: 50).joined()))
    } else {
      #expect(try tokenizer.decode(many) == String(repeating: whole, count: 50))
    }
  }
}
