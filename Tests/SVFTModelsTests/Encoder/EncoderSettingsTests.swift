// What settings of encoders refuse, in words.
import SVFTFormats
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("EncoderSettings")
struct EncoderSettingsTests {
  static let attacks: [(key: String, value: JSON, kind: SVFTError.Kind, word: String)] = [
    ("pad_token_id", 40, .format, "expected more than 41 rows"),
    ("position_embedding_type", "relative_key", .unsupported, "relative_key"),
    ("is_decoder", true, .unsupported, "is_decoder"),
    ("num_attention_heads", 5, .format, "divisible"),
    ("pad_token_id", -1, .format, "pad_token_id"),
  ]

  @Test("A setting that makes no sense is refused with its key", arguments: attacks)
  func refusals(_ attack: (key: String, value: JSON, kind: SVFTError.Kind, word: String)) throws {
    let variant = try FamilyVariant("roberta", kind: "encoders") { $0[attack.key] = attack.value }
    #expect {
      try variant.load()
    } throws: { error in
      guard let error = error as? SVFTError else { return false }
      return error.kind == attack.kind && error.message.contains(attack.word)
    }
  }
}
