// GPT-NeoX: queries, keys and values head by head, in folders and in GGUF files.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("GPTNeoX")
struct GPTNeoXTests {
  @Test("Side by side or one after the other, as the file says")
  func residual() throws {
    #expect(try FamilyVariant("gpt_neox") { $0["use_parallel_residual"] = false }.distance() > 1e-3)
    #expect(
      try FamilyVariant("gpt_neox").metadata()["gptneox.use_parallel_residual"]
        == "\(GGUFValue.bool(true))")
  }

  @Test("Older files say the part of a head that turns by another name")
  func part() throws {
    let older = try FamilyVariant("gpt_neox") {
      $0["rope_parameters"] = nil
      ($0["rotary_pct"], $0["rotary_emb_base"]) = (0.5, 10_000)
    }
    #expect(try older.distance() < 1e-4)
  }

  @Test("GGUF files hold all queries, then all keys, then all values")
  func layout() throws {
    let architecture = try FamilyVariant("gpt_neox").load().architecture
    let order = architecture.ggufLayout(
      "gpt_neox.layers.1.attention.query_key_value.bias"
    ).rowOrder
    #expect(order == .parts(count: 3, heads: 4, headWidth: 8))
    #expect(Set((0..<96).map(order.stored)) == Set(0..<96))
    #expect((0..<96).allSatisfy { order.canonical(order.stored($0)) == $0 })
    // The key of head 2, number 5.
    #expect(order.stored(2 * 24 + 8 + 5) == 32 + 2 * 8 + 5)
  }
}
