// Byte-pair encoding's options: byte tokens, unknowns, whole words, and breaks at markers.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct BytePairModelTests {
  private func tokenizer(
    _ spellings: [String], _ merges: [String] = [], _ options: [String: JSON] = [:]
  ) throws -> Tokenizer {
    var vocabulary = JSON.Object()
    for (id, spelling) in spellings.enumerated() { vocabulary[spelling] = .integer(id) }
    var model = JSON.Object()
    model["type"] = "BPE"
    model["vocab"] = .object(vocabulary)
    model["merges"] = .array(merges.map { .string($0) })
    for (key, value) in options { model[key] = value }
    return try Tokenizer(json: ["model": .object(model)])
  }

  @Test func unknownCharactersAreDroppedWithoutAnUnknownToken() throws {
    #expect(try tokenizer(["a", "b", "ab"], ["a b"]).encode("axb") == [2])
    #expect(try tokenizer(["▁", "▁▁", "a"], ["▁ ▁"]).encode("▁x▁a") == [1, 2])
  }

  @Test func unknownCharactersFuseWhereTheFileSaysSo() throws {
    let spellings = ["?", "a"]
    let single = try tokenizer(spellings, [], ["unk_token": "?"])
    #expect(try single.encode("xxaé") == [0, 0, 1, 0])
    let fused = try tokenizer(spellings, [], ["unk_token": "?", "fuse_unk": true])
    #expect(try fused.encode("xxaéx") == [0, 1, 0])
  }

  @Test func missingByteTokensFallBackToUnknown() throws {
    let fallback: [String: JSON] = ["byte_fallback": true, "unk_token": "?"]
    let tokenizer = try tokenizer(["?", "<0xC3>", "<0xA9>", "<0x41>"], [], fallback)
    #expect(try tokenizer.encode("éAè") == [1, 2, 3, 0])
  }

  @Test func wholeWordsAreKeptWhereMergesAreIgnored() throws {
    let spellings = ["a", "b", "c", "ab", "abc"]
    #expect(try tokenizer(spellings, ["a b"]).encode("abc") == [3, 2])
    let ignoring = try tokenizer(spellings, ["a b"], ["ignore_merges": true])
    #expect(try ignoring.encode("abc") == [4])
  }

  @Test func mergesAcrossMarkersAreFoundWhereTheVocabularyHasThem() throws {
    let plain = ["a", "▁", "▁a"]
    #expect(try tokenizer(plain, ["▁ a"]).encode("a▁a▁a") == [0, 2, 2])
    let crossing = try tokenizer(plain + ["a▁"], ["a ▁", "▁ a"])
    #expect(try crossing.encode("a▁a▁a") == [3, 3, 0])
  }

  @Test(arguments: [
    ("continuing_subword_prefix", JSON.string("##")), ("dropout", 0.1),
  ])
  func whatWeDoNotDoIsRefused(_ key: String, _ value: JSON) throws {
    let error = failure { _ = try tokenizer(["a"], [], [key: value]) }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains(key) == true)
  }
}
