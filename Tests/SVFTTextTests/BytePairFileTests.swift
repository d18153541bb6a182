// The byte-pair model of tokenizer.json: both ways to write merges, and broken ones.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct BytePairFileTests {
  @Test func mergesAreStringsOrPairs() throws {
    let vocabulary: JSON = ["a": 0, "b": 1, "ab": 2]
    for merges in [["a b"], [["a", "b"]]] as [JSON] {
      let json: JSON = ["model": ["type": "BPE", "vocab": vocabulary, "merges": merges]]
      #expect(try Tokenizer(json: json).encode("ab") == [2])
    }
  }

  @Test(arguments: [
    #"{"type":"BPE","vocab":{"a":0},"merges":[["a"]]}"#,
    #"{"type":"BPE","vocab":{"a":0},"merges":[7]}"#,
    #"{"type":"BPE","vocab":{"a":0},"merges":[["a",7]]}"#, #"{"type":"BPE","vocab":{"a":0}}"#,
    #"{"type":"BPE","vocab":{"a":0},"merges":{}}"#, #"{"type":"BPE","vocab":[],"merges":[]}"#,
    #"{"type":"BPE","vocab":{"a":0},"merges":[],"unk_token":"?"}"#,
    #"{"type":"BPE","vocab":{"a":0},"merges":[],"ignore_merges":1}"#,
  ])
  func brokenModelsAreFormatErrors(_ model: String) throws {
    let model = try JSON.parse(model)
    #expect(failure { _ = try Tokenizer(json: ["model": model]) }?.kind == .format)
  }

  /// The last symbol of a word has tokens of its own, as CLIP's words do.
  @Test(arguments: [true, false])
  func wordsMayEndWithASuffix(_ isByteLevel: Bool) throws {
    let vocabulary: JSON = [
      "a": 0, "b": 1, "a</w>": 2, "b</w>": 3, "ab</w>": 4, "ab": 5, "é</w>": 6, "?": 7,
      "Ã": 8, "©</w>": 9,
    ]
    let cut: JSON =
      isByteLevel
      ? [
        "type": "Sequence",
        "pretokenizers": [
          ["type": "WhitespaceSplit"], ["type": "ByteLevel", "add_prefix_space": false],
        ],
      ] : ["type": "WhitespaceSplit"]
    let tokenizer = try Tokenizer(json: [
      "model": [
        "type": "BPE", "vocab": vocabulary, "merges": ["a b</w>", "a b"], "unk_token": "?",
        "end_of_word_suffix": "</w>",
      ], "pre_tokenizer": cut,
    ])
    #expect(try tokenizer.encode("ab a b") == [4, 2, 3])
    #expect(try tokenizer.encode("aba abab") == [5, 2, 5, 4])
    #expect(try tokenizer.encode("é x") == (isByteLevel ? [8, 9, 7] : [6, 7]))
    #expect(failure { _ = try tokenizer.vocabulary() }?.kind == .unsupported)
  }

  @Test func continuationsHaveNoPrefix() {
    let json: JSON = [
      "model": [
        "type": "BPE", "vocab": ["a": 0], "merges": [], "continuing_subword_prefix": "##",
      ]
    ]
    #expect(failure { _ = try Tokenizer(json: json) }?.kind == .unsupported)
  }
}
