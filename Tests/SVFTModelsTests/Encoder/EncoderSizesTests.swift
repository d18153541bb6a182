// What all encoders say of their blocks, of texts and of images: refused alike, said again alike.
import SVFTFormats
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("EncoderSizes")
struct EncoderSizesTests {
  static let fixtures: [(name: String, kind: String)] = [
    ("bert", "encoders"), ("deberta", "encoders"), ("vit", "vision"),
  ]
  static let attacks: [(key: String, value: JSON, word: String)] = [
    ("num_attention_heads", 5, "divisible"), ("hidden_size", 0, "hidden_size"),
    ("num_hidden_layers", 0, "num_hidden_layers"), ("layer_norm_eps", 2, "layer_norm_eps"),
    ("attention_probs_dropout_prob", 1, "attention_probs_dropout_prob"),
  ]

  @Test("A size that makes no sense is refused with its key", arguments: fixtures, attacks)
  func refusals(
    _ fixture: (name: String, kind: String), _ attack: (key: String, value: JSON, word: String)
  ) throws {
    let variant = try FamilyVariant(fixture.name, kind: fixture.kind) {
      $0[attack.key] = attack.value
    }
    let failure = #expect(throws: SVFTError.self) { try variant.load() }
    #expect(failure?.kind == .format && failure?.message.contains(attack.word) == true)
  }

  @Test("Every size is said again", arguments: fixtures)
  func again(_ fixture: (name: String, kind: String)) throws {
    let variant = try FamilyVariant(fixture.name, kind: fixture.kind) {
      ($0["layer_norm_eps"], $0["hidden_act"]) = (0.125, "relu")
      ($0["hidden_dropout_prob"], $0["attention_probs_dropout_prob"]) = (0.25, 0.375)
    }
    let config = try variant.load().architecture.config()
    #expect(config["layer_norm_eps"] == 0.125 && config["hidden_act"] == "relu")
    #expect(config["hidden_dropout_prob"] == 0.25 && config["hidden_size"] == 32)
    #expect(config["attention_probs_dropout_prob"] == 0.375)
    #expect(config["num_attention_heads"] == 4 && config["num_hidden_layers"] == 2)
  }
}
