// What settings of DeBERTa refuse, in words, and spellings that mean the same.
import SVFTFormats
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("DisentangledSettings")
struct DisentangledSettingsTests {
  static let attacks: [(key: String, value: JSON, kind: SVFTError.Kind, word: String)] = [
    ("pos_att_type", "p2p", .unsupported, "p2p"),
    ("pos_att_type", ["c2p", "p2p"], .unsupported, "p2p"),
    ("pos_att_type", 3, .format, "pos_att_type"),
    ("position_buckets", 1_073_741_824, .limit, "position_buckets"),
    ("position_buckets", 40, .format, "max_relative_positions"),
    ("max_relative_positions", 3, .format, "max_relative_positions"),
    ("max_relative_positions", 1_099_511_627_776, .limit, "max_relative_positions"),
    ("conv_kernel_size", 2, .unsupported, "even"),
    ("conv_groups", 4, .unsupported, "groups"),
    ("attention_head_size", 16, .unsupported, "attention_head_size"),
    ("num_attention_heads", 5, .format, "divisible"),
    ("hidden_size", 0, .format, "hidden_size"),
    ("embedding_size", 16, .shape, "word_embeddings"),
    ("type_vocab_size", -1, .format, "type_vocab_size"),
  ]

  @Test("A setting that makes no sense is refused with its key", arguments: attacks)
  func refusals(_ attack: (key: String, value: JSON, kind: SVFTError.Kind, word: String)) throws {
    let variant = try FamilyVariant("deberta-conv", kind: "encoders") {
      if attack.key == "max_relative_positions" { $0["position_buckets"] = 6 }
      $0[attack.key] = attack.value
    }
    #expect {
      try variant.load()
    } throws: { error in
      guard let error = error as? SVFTError else { return false }
      return error.kind == attack.kind && error.message.contains(attack.word)
    }
  }

  @Test("Terms of scores may stand in one word or in a list")
  func terms() throws {
    let ids: [[Int32]] = [[4, 5, 6, 7, 8]]
    let results = try ["P2C | c2p", ["c2p", "p2c"]].map { (value: JSON) in
      let variant = try FamilyVariant("deberta", kind: "encoders") { $0["pos_att_type"] = value }
      return try ModelProbe(variant.load(), .classes, rows: 8)(ids)
    }
    #expect(results[0] == results[1])
    let one = try FamilyVariant("deberta", kind: "encoders") { $0["pos_att_type"] = "c2p" }
    #expect(try ModelProbe(one.load(), .classes, rows: 8)(ids) != results[0])
  }
}
