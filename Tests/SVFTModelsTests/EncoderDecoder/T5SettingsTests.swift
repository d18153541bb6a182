// What a T5's configuration may say, and what is refused of it.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import Testing

struct T5SettingsTests {
  private func settings(_ changes: [(String, JSON)] = []) throws(SVFTError) -> T5Settings {
    var values = JSON.Object([
      ("model_type", "t5"), ("d_model", 32), ("d_kv", 8), ("d_ff", 64), ("num_layers", 2),
      ("num_heads", 4), ("vocab_size", 40),
    ])
    for (key, value) in changes { values[key] = value }
    return try T5Settings(
      Hyperparameters(values, dialect: .huggingFace, file: "config.json"), stored: nil,
      isGated: false, eachLayer: false)
  }

  @Test func leavesOutWhatTransformersKnowsByItself() throws {
    let geometry = try settings().geometry(generates: true)
    #expect(geometry.contextLength == 512 && !geometry.isContextBound)
    #expect(geometry.startToken == 0 && geometry.keyValueWidth == 32 && geometry.layers == 2)
    #expect(try settings().geometry(generates: false).startToken == nil)
    let other = try settings([("pad_token_id", 5)]).geometry(generates: true)
    #expect(other.startToken == 5)
  }

  static let wrong: [(String, JSON)] = [
    ("num_heads", 0), ("d_kv", -1), ("feed_forward_proj", "gated-laplace"),
    ("decoder_start_token_id", 40), ("relative_attention_num_buckets", 2),
    ("num_decoder_layers", .integer(1 << 40)), ("dropout_rate", 1.5), ("vocab_size", "many"),
  ]

  @Test(arguments: wrong)
  func refusesWhatCannotBe(_ key: String, _ value: JSON) {
    let error = #expect(throws: SVFTError.self) { try settings([(key, value)]) }
    #expect(error?.message.contains(key) == true)
  }
}
