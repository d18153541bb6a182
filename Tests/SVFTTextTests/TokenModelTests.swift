// The registry of models in tokenizer.json.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct TokenModelTests {
  @Test(arguments: ["Bigram", "CharLevel"]) func unknownModelsAreRefusedByName(_ type: String) {
    let error = failure {
      _ = try Tokenizer(json: ["model": ["type": .string(type), "vocab": ["a": 0]]])
    }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains(type) == true)
  }

  @Test func filesWithoutATypeAreToldApartByTheirMerges() throws {
    let merges: JSON = ["vocab": ["a": 0, "b": 1, "ab": 2], "merges": ["a b"]]
    #expect(try Tokenizer(json: ["model": merges]).encode("ab") == [2])
    let words: JSON = ["vocab": ["[UNK]": 0, "a": 1, "##b": 2], "unk_token": "[UNK]"]
    #expect(try Tokenizer(json: ["model": words]).encode("ab") == [1, 2])
  }
}
