// Qwen 3: norms on the heads of queries and keys.
import SVFTLayers
import SVFTModels
import TestKit
import Testing

@Suite("Qwen3")
struct Qwen3Tests {
  @Test("Each layer norms heads of queries and keys, whose width is their own")
  func norms() throws {
    let model = try FamilyVariant("qwen3").load()
    let norms = model.slots.filter { $0.name.contains("q_norm") || $0.name.contains("k_norm") }
    #expect(norms.count == 4 && norms.allSatisfy { $0.shape == [16] })
    #expect(model.architecture.geometry.keyValueWidth == 32)
  }
}
