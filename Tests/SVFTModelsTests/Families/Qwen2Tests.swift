// Qwen 2: biases on queries, keys and values, a window on late layers where it is asked for.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("Qwen2")
struct Qwen2Tests {
  @Test("Queries, keys and values have biases, nothing else has")
  func biases() throws {
    let model = try FamilyVariant("qwen2").load()
    let biased = model.projections.filter { $0.bias != nil }.map(\.name)
    #expect(biased.count == 6)
    #expect(
      biased.allSatisfy {
        $0.hasSuffix("q_proj") || $0.hasSuffix("k_proj") || $0.hasSuffix("v_proj")
      })
  }

  @Test("Only asked for does the window act, and only on late layers")
  func window() throws {
    #expect(try FamilyVariant("qwen2-window").distance() < 1e-4)
    #expect(
      try FamilyVariant("qwen2-window") { $0["use_sliding_window"] = false }.distance() > 1e-3)
    let all = try FamilyVariant("qwen2-window") {
      $0["layer_types"] = ["sliding_attention", "sliding_attention"]
    }
    #expect(try all.distance() > 1e-3)
  }

  @Test("A GGUF file has no place for the window")
  func metadata() throws {
    #expect(throws: SVFTError.self) { try FamilyVariant("qwen2-window").metadata() }
    #expect(
      try FamilyVariant("qwen2").metadata()["qwen2.rope.dimension_count"]
        == "\(GGUFValue.uint32(8))")
  }
}
