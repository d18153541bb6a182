// Words as tokens.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct WordLevelModelTests {
  @Test func wordsAreTokensOrUnknown() throws {
    let vocabulary: JSON = ["<unk>": 0, "the": 1, "sea": 2, ",": 3]
    var model: JSON = ["type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>"]
    let cut: JSON = ["type": "Whitespace"]
    let tokenizer = try Tokenizer(json: ["model": model, "pre_tokenizer": cut])
    #expect(try tokenizer.encode("the  sea,the lamp") == [1, 2, 3, 1, 0])
    model = ["type": "WordLevel", "vocab": ["the": 1], "unk_token": "<unk>"]
    let dropping = try Tokenizer(json: ["model": model, "pre_tokenizer": cut])
    #expect(try dropping.encode("a the b") == [1])
  }
}
