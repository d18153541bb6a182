// The unigram model of tokenizer.json against the `tokenizers` package.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct UnigramModelTests {
  private func json() throws -> JSON.Object {
    try JSON.read(TinyPieces.folder + "tokenizer-unigram.json").root("fixture")
  }

  @Test func everyTextGivesTheGoldenIDs() throws {
    let tokenizer = try Tokenizer(json: .object(json()))
    for item in try TinyPieces.golden("file") {
      let text = try item.string("text")
      let ids = try tokenizer.encode(text, parseSpecial: true)
      #expect(try ids.map(Int.init) == item.ints("ids"), "\(text.debugDescription)")
      #expect(try tokenizer.decode(ids) == item.string("decoded"), "\(text.debugDescription)")
    }
  }

  private func model(_ vocabulary: JSON, _ more: [(key: String, value: JSON)] = []) -> JSON {
    .object(
      JSON.Object([
        ("model", .object(JSON.Object([("type", "Unigram"), ("vocab", vocabulary)] + more)))
      ]))
  }

  @Test func theBestSumWins() throws {
    let pieces: JSON = [
      ["?", 0], ["a", -1], ["b", -1], ["ab", -2.5], ["abc", -3], ["c", -2], ["<0x64>", -9],
    ]
    let plain = try Tokenizer(json: model(pieces, [("unk_id", 0)]))
    #expect(try plain.encode("ab") == [1, 2])
    #expect(try plain.encode("abc") == [4])
    #expect(try plain.encode("axya") == [1, 0, 1])
    let bytes = try Tokenizer(json: model(pieces, [("unk_id", 0), ("byte_fallback", true)]))
    #expect(try bytes.encode("dad") == [6, 1, 6])
    #expect(try bytes.encode("e") == [0])
    let dropping = try Tokenizer(json: model(pieces))
    #expect(try dropping.encode("axb") == [1, 2])
  }

  @Test(
    arguments: [
      ([["a", 0], ["a", 1]], nil), ([["a"]], nil), ([["a", "b"]], nil), ([["a", 1e300]], nil),
      ([["a", 0]], 1), ([["a", 0]], -1), ([], nil),
    ] as [(JSON, Int?)])
  func brokenVocabulariesAreFormatErrors(_ vocabulary: JSON, _ unknown: Int?) {
    let json = model(vocabulary, unknown.map { [("unk_id", .integer($0))] } ?? [])
    #expect(failure { _ = try Tokenizer(json: json) }?.kind == .format)
  }

  @Test func aLongWordIsNotQuadratic() throws {
    let tokenizer = try Tokenizer(json: model([["?", 0], ["a", -1], ["aaaaaaaa", -2]]))
    let text = String(repeating: "a", count: 400_001)
    #expect(try tokenizer.encode(text).count == 50_001)
  }
}
