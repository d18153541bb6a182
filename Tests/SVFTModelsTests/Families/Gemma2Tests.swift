// Gemma 2: caps, windows on every second layer, the scale of scores.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("Gemma2")
struct Gemma2Tests {
  @Test(
    "Each of its ways matters",
    arguments: [
      "attn_logit_softcapping", "final_logit_softcapping", "sliding_window",
      "query_pre_attn_scalar",
    ])
  func ways(_ key: String) throws {
    #expect(try FamilyVariant("gemma2").distance() < 1e-4)
    let other: JSON = key == "query_pre_attn_scalar" ? 32 : .null
    #expect(try FamilyVariant("gemma2") { $0[key] = other }.distance() > 1e-3)
  }

  @Test("Without layer_types the even layers have the window")
  func pattern() throws {
    #expect(try FamilyVariant("gemma2") { $0["layer_types"] = nil }.distance() < 1e-4)
    let other = try FamilyVariant("gemma2") {
      $0["layer_types"] = ["full_attention", "sliding_attention"]
    }
    #expect(try other.distance() > 1e-3)
    #expect(throws: SVFTError.self) { try other.metadata() }
  }

  @Test("A GGUF file says caps and window, and refuses a scale it cannot say")
  func metadata() throws {
    let metadata = try FamilyVariant("gemma2").metadata()
    #expect(metadata["gemma2.attn_logit_softcapping"] == "\(GGUFValue.float32(2))")
    #expect(try metadata["gemma2.attention.sliding_window"] == "\(GGUFValue.uint32(4))")
    #expect(throws: SVFTError.self) { try FamilyVariant("gemma2-scaled").metadata() }
  }
}
