// Every token that begins at a place is found, whatever else the vocabulary has.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct PieceOrderTests {
  @Test func allPrefixesCompete() throws {
    // Each prefix of the text is a token; exactly one set of scores makes it win.
    let text = "a\u{301}bÿ\u{10FFFF}c"
    let scalars = Array(text.unicodeScalars)
    let prefixes = scalars.indices.map { index in
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars[...index])
      return String(view)
    }
    let others = ["a\u{302}", "b", "bÿ", "zz", "\u{10FFFF}", "c", "ÿ", "\u{301}"]
    for chosen in prefixes.indices {
      var vocabulary: [JSON] = [["?", -900]]
      for (index, piece) in (prefixes + others).enumerated() {
        vocabulary.append([
          .string(piece), .number(index == chosen || index >= prefixes.count ? 0 : -500),
        ])
      }
      let json: JSON = ["model": ["type": "Unigram", "unk_id": 0, "vocab": .array(vocabulary)]]
      #expect(try Tokenizer(json: json).encode(text).first == Int32(chosen + 1))
    }
  }
}
