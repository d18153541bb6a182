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

  /// What the tokenizers package gives too: to it no piece of a vocabulary is a control token, a
  /// spelt-out unknown token is one with what is unknown beside it, and a run goes to bytes whole
  /// or not at all.
  @Test(arguments: [
    ("<s>a<unused0>b", [1, 3, 2, 4], [1, 3, 2, 4]), ("ax<unk>yb", [3, 0, 4], [3, 0, 4]),
    ("a<unk><unk>", [3, 0], [3, 0]), ("cda", [0, 3], [5, 6, 3]), ("cxa", [0, 3], [0, 3]),
    ("<unk>cd", [0], [0]), ("<0x63>c", [5, 0], [5, 5]),
  ])
  func controlsAndUnknownsArePieces(
    _ text: String, _ plain: [Int32], _ inBytes: [Int32]
  ) throws {
    let pieces: JSON = [
      ["<unk>", 0], ["<s>", 0], ["<unused0>", -1], ["a", -1], ["b", -2], ["<0x63>", 0],
      ["<0x64>", 0],
    ]
    #expect(try Tokenizer(json: model(pieces, [("unk_id", 0)])).encode(text) == plain)
    let bytes = try Tokenizer(json: model(pieces, [("unk_id", 0), ("byte_fallback", true)]))
    #expect(try bytes.encode(text) == inBytes)
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
