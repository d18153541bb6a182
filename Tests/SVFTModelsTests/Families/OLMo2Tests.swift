// OLMo 2: norms behind the blocks, and on queries and keys as a whole.
import SVFTLayers
import SVFTModels
import TestKit
import Testing

@Suite("OLMo2")
struct OLMo2Tests {
  @Test("No norm stands before a block")
  func norms() throws {
    let slots = try FamilyVariant("olmo2").load().slots.filter { $0.name.contains("layers.0.") }
    let norms = slots.filter { $0.name.contains("norm") }
    #expect(!norms.contains { $0.name.contains("input_layernorm") })
    #expect(norms.first { $0.name.contains("q_norm") }?.shape == [32])
    #expect(norms.first { $0.name.contains("k_norm") }?.shape == [16])
    #expect(norms.count == 4)
  }
}
