// Names of parts in both dialects.
import SVFTLayers
import SVFTModels
import Testing

@Suite("DecoderPart")
struct DecoderPartTests {
  @Test("A layer's number stands where the star is")
  func names() {
    #expect(DecoderNames.usual(.query, 12) == "model.layers.12.self_attn.q_proj")
    #expect(DecoderNames.usual(.norm, 12) == "model.norm")
  }

  @Test("Parts are changed and taken away by name")
  func changes() {
    let names = DecoderNames.usual.with([.gate: nil, .up: "model.layers.*.mlp.gate_up_proj"])
    #expect(!names.has(.gate) && names.has(.down))
    let table = names.table(prefix: "model.")
    #expect(table.gguf("model.layers.3.mlp.gate_up_proj.weight") == "blk.3.ffn_up.weight")
    #expect(table.canonical(gguf: "blk.3.ffn_gate.weight") == [])
  }

  @Test("Every family names each part once")
  func unique() {
    for family in Architectures.all {
      let modules = family.tensorNames.canonicalModules
      #expect(Set(modules).count == modules.count, "\(family.names)")
    }
  }
}
