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
}
