// Rules of merging: by rank and by score, and vocabularies that contradict themselves.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct MergeRuleTests {
  private func scored(_ tokens: [(String, Float)]) throws -> Tokenizer {
    var vocabulary = TokenizerVocabulary(
      kind: .llama, tokens: tokens.map { Array($0.0.utf8) },
      types: tokens.map { _ in .normal })
    vocabulary.scores = tokens.map(\.1)
    vocabulary.addsSpacePrefix = false
    return try Tokenizer(vocabulary: vocabulary)
  }

  @Test func higherScoresMergeFirstAndTiesFromTheLeft() throws {
    let tokenizer = try scored([("a", 0), ("b", 0), ("ab", -2), ("ba", -1), ("aa", -3), ("bb", -3)])
    #expect(try tokenizer.encode("aba") == [0, 3])
    #expect(try tokenizer.encode("aaabbb") == [4, 2, 5])
    #expect(try tokenizer.encode("aaa") == [4, 0])
  }

  @Test func aCharacterThatIsNoTokenMayBePartOfOne() throws {
    #expect(try scored([("a", 0), ("aé", -1)]).encode("aé") == [1])
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func scoresMustBeFinite(_ score: Float) {
    #expect(failure { _ = try scored([("a", 0), ("b", score)]) }?.kind == .format)
  }

  @Test func aLongWordOfEqualScoresIsNoTrouble() throws {
    let tokenizer = try scored([("a", 0), ("aa", 0), ("aaa", 0), ("aaaa", 0)])
    let ids = try tokenizer.encode(String(repeating: "a", count: 100_000))
    #expect(try tokenizer.decode(ids).utf8.count == 100_000)
  }

  @Test(arguments: [["a b", "a b"], ["a x"], ["x a"], ["b a"], ["ab"], ["a b c"], [""]])
  func mergesMustBeNewAndMadeOfTokens(_ merges: [String]) throws {
    let json = try TinyTokenizer.bytes.changed(
      ["model"],
      to: [
        "type": "BPE", "vocab": ["a": 0, "b": 1, "ab": 2],
        "merges": .array(merges.map { .string($0) }),
      ]
    ).root("fixture")
    let model = try json.value("model")
    #expect(failure { _ = try Tokenizer(json: ["model": model]) }?.kind == .format)
  }
}
