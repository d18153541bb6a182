// WordPiece: the longest token first, unknown words whole.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct WordPieceModelTests {
  private func tokenizer(longest: Int = 100) throws -> Tokenizer {
    let pieces = ["[UNK]", "un", "##aff", "##able", "##a", "##ff", "##é", "é", "ab", "##ableness"]
    var vocabulary = JSON.Object()
    for (id, piece) in pieces.enumerated() { vocabulary[piece] = .integer(id) }
    return try Tokenizer(json: [
      "model": [
        "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": .integer(longest), "vocab": .object(vocabulary),
      ],
      "pre_tokenizer": ["type": "WhitespaceSplit"],
    ])
  }

  @Test(arguments: [
    ("unaffable", [1, 2, 3]), ("unaffableness", [1, 2, 9]), ("unx", [0]), ("x un", [0, 1]),
    ("unéa", [1, 6, 4]), ("éé", [7, 6]), ("abab", [0]), ("", []),
  ])
  func theLongestTokenComesFirst(_ text: String, _ expected: [Int32]) throws {
    #expect(try tokenizer().encode(text) == expected)
  }

  @Test func wordsBeyondTheLimitAreUnknown() throws {
    #expect(try tokenizer(longest: 3).encode("éaa éaaa") == [7, 4, 4, 0])
    #expect(failure { _ = try tokenizer(longest: 0) }?.kind == .format)
    #expect(failure { _ = try tokenizer(longest: .max) }?.kind == .format)
  }

  @Test func bytesThatAreNoTextAreUnknown() throws {
    #expect(try tokenizer().encode(bytes: [0xC3]) == [0])
    #expect(try tokenizer().encode(bytes: Array("un".utf8) + [0xFF]) == [0])
  }
}
