// Lists of stages: nested sequences, null, and what is no stage.
import SVFTFormats
import SVFTTensor
import SVFTText
import Testing

@Suite struct StageRegistryTests {
  @Test func nullAndEmptySequencesAreNoStages() throws {
    #expect(try normalized("Aé", by: nil) == "Aé")
    #expect(try normalized("Aé", by: ["type": "Sequence", "normalizers": []]) == "Aé")
  }

  @Test func theMessageNamesTheKnownStages() {
    let error = failure { _ = try normalized("x", by: ["type": "Surprise"]) }
    #expect(error?.message.contains("normalizer") == true)
    #expect(error?.message.contains("BertNormalizer, ByteLevel, Lowercase, NFC") == true)
  }

  @Test(arguments: ["normalizer", "pre_tokenizer", "post_processor", "decoder"])
  func everyListRefusesWhatItDoesNotKnow(_ key: String) throws {
    let json = try TinyTokenizer.bytes.changed([key], to: ["type": "Surprise"])
    let error = failure { _ = try Tokenizer(json: json) }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains("Surprise") == true)
  }
}
