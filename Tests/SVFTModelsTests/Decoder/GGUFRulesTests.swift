// What llama.cpp would not take is refused before a GGUF file is written, and nothing else.
import SVFTFormats
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("GGUFRules")
struct GGUFRulesTests {
  /// The message of a failure; nil for none.
  private func refused(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return ((error as? SVFTError)?.kind == .unsupported) ? "\(error)" : "another: \(error)"
    }
  }

  @Test(
    "Heads are embeddings, matrices of their own, or either",
    arguments: [
      ("gemma", true, false), ("gemma2", true, false), ("gemma3", true, true),
      ("olmo2", false, true), ("gpt_neox", false, true), ("llama", true, true),
      ("qwen2", true, true), ("phi3", true, true), ("gpt2", true, true),
    ])
  func heads(_ name: String, _ tied: Bool, _ own: Bool) throws {
    let architecture = try FamilyVariant(name).load().architecture
    for (isTied, isTaken) in [(true, tied), (false, own)] {
      let message = refused { try architecture.requireGGUFHead(isTied: isTied) }
      #expect(isTaken ? message == nil : message?.contains("head of this family") == true)
    }
  }

  @Test("Every fixture of a family that readers know keeps the rules of its family")
  func usual() throws {
    for name in ["gemma", "gemma2", "gemma3", "llama", "olmo2", "qwen2", "qwen3", "smollm3"] {
      #expect(refused { _ = try FamilyVariant(name).metadata() } == nil, "\(name)")
    }
  }

  @Test(
    "Gemma 2 needs both caps",
    arguments: ["attn_logit_softcapping", "final_logit_softcapping"])
  func caps(_ key: String) throws {
    let message = refused { _ = try FamilyVariant("gemma2") { $0[key] = .null }.metadata() }
    #expect(message?.contains("without a cap") == true)
  }

  @Test("Biases and widths of heads that readers do not know are refused")
  func modules() throws {
    let olmo = try FamilyVariant("olmo2").load().architecture as? TransformerDecoder<OLMo2>
    var settings = try #require(olmo).settings
    let rules = OLMo2.ggufRules
    #expect(refused { try settings.require(rules) } == nil)
    settings.biases = [.query]
    #expect(refused { try settings.require(rules) }?.contains("biases") == true)
    settings.biases = []
    settings.headWidth = 16
    #expect(refused { try settings.require(rules) }?.contains("4 heads of 16") == true)
    #expect(refused { try settings.require(GGUFRules()) } == nil)
  }
}
