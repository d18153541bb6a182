// Mistral: the window, with and without.
import SVFTFormats
import SVFTLayers
import SVFTModels
import TestKit
import Testing

@Suite("Mistral")
struct MistralTests {
  @Test("The window matters, and null means none")
  func window() throws {
    #expect(try FamilyVariant("mistral").distance() < 1e-4)
    #expect(try FamilyVariant("mistral") { $0["sliding_window"] = 6 }.distance() > 1e-3)
    #expect(try FamilyVariant("mistral") { $0["sliding_window"] = .null }.distance() > 1e-3)
  }

  @Test("GGUF files call it llama and keep the window")
  func metadata() throws {
    let metadata = try FamilyVariant("mistral").metadata()
    #expect(metadata["general.architecture"] == "\(GGUFValue.string("llama"))")
    #expect(try metadata["llama.attention.sliding_window"] == "\(GGUFValue.uint32(5))")
  }
}
