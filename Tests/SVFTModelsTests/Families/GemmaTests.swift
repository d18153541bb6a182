// Gemma: norm weights around zero, scaled embeddings, gelu's tanh form under the name of gelu.
import SVFTFormats
import SVFTLayers
import SVFTModels
import TestKit
import Testing

@Suite("Gemma")
struct GemmaTests {
  @Test("The first files say gelu and mean its tanh form")
  func activation() throws {
    #expect(try FamilyVariant("gemma") { $0["hidden_act"] = "gelu" }.distance() < 1e-4)
    #expect(try FamilyVariant("gemma") { $0["hidden_act"] = "relu" }.distance() > 1e-3)
  }

  @Test("GGUF files hold norm weights with one added, and nothing else so")
  func layout() throws {
    let architecture = try FamilyVariant("gemma").load().architecture
    for slot in architecture.slots {
      #expect(architecture.ggufLayout(slot.name).offset == (slot.name.contains("norm") ? 1 : 0))
    }
  }
}
