// What settings of vision transformers refuse, in words, and sizes in both spellings.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("VisionSettings")
struct VisionSettingsTests {
  static let attacks: [(key: String, value: JSON, kind: SVFTError.Kind, word: String)] = [
    ("patch_size", 13, .format, "at least one patch"), ("patch_size", 0, .format, "patch_size"),
    ("image_size", -3, .format, "image_size"), ("image_size", [12], .format, "found 1 numbers"),
    ("image_size", [12, "a"], .format, "image_size"), ("image_size", "12", .format, "image_size"),
    ("image_size", 65_537, .limit, "image_size"), ("num_channels", 0, .format, "num_channels"),
    ("num_attention_heads", 5, .format, "divisible"), ("head_dim", 16, .unsupported, "head_dim"),
    ("hidden_act", "swoosh", .unsupported, "swoosh"), ("image_size", 16, .shape, "position"),
    ("patch_size", [4, 3], .shape, "position"), ("num_channels", 1, .shape, "projection"),
    ("qkv_bias", 1, .format, "qkv_bias"), ("hidden_dropout_prob", 2, .format, "hidden_dropout"),
  ]

  @Test("A setting that makes no sense is refused with its key", arguments: attacks)
  func refusals(_ attack: (key: String, value: JSON, kind: SVFTError.Kind, word: String)) throws {
    let variant = try FamilyVariant("vit", kind: "vision") { $0[attack.key] = attack.value }
    let failure = #expect(throws: SVFTError.self) { try variant.load() }
    #expect(failure?.kind == attack.kind, "\(failure?.message ?? "")")
    #expect(failure?.message.contains(attack.word) == true, "\(failure?.message ?? "")")
  }

  @Test("One number and a pair of it are the same size")
  func pairs() throws {
    let variant = try FamilyVariant("vit", kind: "vision") {
      ($0["image_size"], $0["patch_size"]) = ([12, 12], [4, 4])
    }
    let grid = try #require(try variant.load().architecture.geometry.grid)
    #expect(grid.rows == 10 && grid.patchNumbers == 48)
  }
}
