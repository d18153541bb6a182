// Compiled rules of normalisation; what they give is held against SentencePiece and `tokenizers` in
// SentencePieceFileTests and UnigramModelTests.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct CharacterMapTests {
  @Test(arguments: [
    "", "AAAA", "AAAAAAAAAAA=", "/////////////w==", "BQAAAAAAAAAA", "?",
  ])
  func whatIsNoneIsAFormatError(_ rules: String) {
    let json: JSON = ["type": "Precompiled", "precompiled_charsmap": .string(rules)]
    #expect(failure { _ = try normalized("x", by: json) }?.kind == .format)
  }

  @Test func damagedRulesNeitherTrapNorHang() throws {
    let file = try JSON.read(TinyPieces.folder + "tokenizer-unigram.json").root("fixture")
    let stage = try file.object("normalizer").objects("normalizers")[0]
    let rules = Array(try stage.string("precompiled_charsmap").utf8)
    let text = "ﬁ Ａ\u{3000} é a\u{301} ... Ω"
    #expect(try normalized(text, by: .object(stage)) == "fi A  e á ... ohm")
    var random = RandomSource(seed: 5, purpose: "rules")
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    for _ in 0..<1_000 {
      var damaged = rules
      for _ in 0..<3 { damaged[random.below(damaged.count)] = letters[random.below(64)] }
      let json: JSON = [
        "type": "Precompiled",
        "precompiled_charsmap": .string(String(decoding: damaged, as: UTF8.self)),
      ]
      _ = failure { _ = try normalized(text, by: json) }
    }
  }
}
