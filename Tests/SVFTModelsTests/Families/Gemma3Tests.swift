// Gemma 3: two ways to turn, five layers of six with the window.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("Gemma3")
struct Gemma3Tests {
  @Test("Older files say the local base and the pattern under other names")
  func olderNames() throws {
    let older = try FamilyVariant("gemma3") {
      $0["rope_parameters"] = nil
      $0["layer_types"] = nil
      ($0["rope_theta"], $0["rope_local_base_freq"]) = (1_000_000.0, 10_000.0)
      $0["sliding_window_pattern"] = 6
    }
    #expect(try older.distance() < 1e-4)
    #expect(
      try FamilyVariant("gemma3") {
        $0["rope_parameters"] = nil
        $0["rope_local_base_freq"] = 500.0
      }.distance() > 1e-3)
  }

  @Test("Layers with the window are not stretched with the others")
  func stretched() throws {
    #expect(try FamilyVariant("gemma3-stretched").distance() < 1e-4)
    #expect(throws: SVFTError.self) { try FamilyVariant("gemma3-stretched").metadata() }
    #expect(
      try FamilyVariant("gemma3").metadata()["gemma3.attention.sliding_window"]
        == "\(GGUFValue.uint32(4))")
  }

  @Test("A folder of pictures and text is refused by name")
  func pictures() throws {
    let variant = try FamilyVariant("gemma3") { $0["text_config"] = .object(JSON.Object()) }
    #expect { try variant.load() } throws: { ($0 as? SVFTError)?.kind == .unsupported }
  }
}
