// Added tokens in text: the longest at the leftmost place, the space beside them, words that only
// contain them, and cost.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct AddedTokenTests {
  private func tokenizer(_ added: [JSON]) throws -> Tokenizer {
    try Tokenizer(json: [
      "model": [
        "type": "BPE", "vocab": ["?": 0, "a": 1, "b": 2, " ": 3], "merges": [], "unk_token": "?",
      ],
      "added_tokens": .array(added),
    ])
  }

  @Test func theLongestAtTheLeftmostPlaceWins() throws {
    let tokenizer = try tokenizer([
      ["id": 4, "content": "ab"], ["id": 5, "content": "aba"], ["id": 6, "content": "bab"],
    ])
    #expect(try tokenizer.encode("abab") == [5, 2])
    #expect(try tokenizer.encode("babab") == [6, 4])
  }

  @Test func spaceGoesAlongWhereTheTokenWantsIt() throws {
    let tokenizer = try tokenizer([
      ["id": 4, "content": "<", "lstrip": true], ["id": 5, "content": ">", "rstrip": true],
    ])
    #expect(try tokenizer.encode("a \u{3000}< a >  a") == [1, 4, 3, 1, 3, 5, 1])
    #expect(try tokenizer.encode(">  <") == [5, 4])
  }

  @Test func aSingleWordStandsAlone() throws {
    let tokenizer = try tokenizer([["id": 4, "content": "ab", "single_word": true]])
    #expect(try tokenizer.encode("ab aba bab ab") == [4, 3, 1, 2, 1, 3, 2, 1, 2, 3, 4])
    #expect(try tokenizer.encode("éab") == [0, 1, 2])
  }

  @Test func normalizedTokensAreSoughtInTheNormalisedText() throws {
    var json = try TinyTokenizer.words.json().root("fixture")
    var added = try json.array("added_tokens")
    let size = try json.object("model").object("vocab").count
    added.append([
      "id": .integer(size), "content": "lamplight", "normalized": true, "special": false,
    ])
    json["added_tokens"] = .array(added)
    let tokenizer = try Tokenizer(json: .object(json))
    #expect(try tokenizer.encode("LampLight", addSpecial: false) == [Int32(size)])
  }

  @Test(arguments: TinyTokenizer.allCases)
  func tokensOfTheNormalisedTextAreNormalisedThemselves(_ tiny: TinyTokenizer) throws {
    let golden = try TinyTokenizer.added(tiny)
    let own = try tiny.json().root("fixture").array("added_tokens")
    let tokenizer = try Tokenizer(
      json: try tiny.changed(["added_tokens"], to: .array(own + golden.array("added"))))
    for entry in try golden.objects("texts") {
      let text = try entry.string("text")
      let ids = try tokenizer.encode(text).map { Int($0) }
      #expect(try ids == entry.ints("ids"), "\(text)")
    }
  }

  @Test func aTokenOfWhichNormalisingLeavesNothingIsNotFound() throws {
    let tokenizer = try Tokenizer(json: [
      "model": ["type": "BPE", "vocab": ["?": 0, "a": 1], "merges": [], "unk_token": "?"],
      "normalizer": ["type": "Strip", "strip_left": true, "strip_right": true],
      "added_tokens": [["id": 2, "content": " ", "normalized": true]],
    ])
    #expect(try tokenizer.encode(" a ") == [1])
  }

  @Test(
    arguments: [
      [["id": 4, "content": ""]], [["id": -1, "content": "x"]],
      [["id": 1, "content": "x"]], [["id": 4, "content": "x"], ["id": 4, "content": "y"]],
      [["id": 4, "content": "x"], ["id": 5, "content": "x"]], [["id": 4, "content": "a"]],
      [["id": .integer(.max), "content": "x"]], [["content": "x"]],
    ] as [[JSON]])
  func tokensThatContradictTheVocabularyAreRefused(_ added: [JSON]) throws {
    #expect(failure { _ = try tokenizer(added) }?.kind == .format)
  }

  @Test func veryLongTokensAreRefused() throws {
    let long: JSON = ["id": 4, "content": .string(String(repeating: "a", count: 5000))]
    #expect(failure { _ = try tokenizer([long]) }?.kind == .limit)
  }
}
