// Kinds of modules from their names, for families that the library knows and others.
import SVFT
import Testing

@Suite struct ModuleKindsTests {
  private func kinds(_ prefix: String, _ ends: [String], _ others: [String] = []) -> ModuleKinds {
    ModuleKinds((0..<12).flatMap { layer in ends.map { "\(prefix)\(layer).\($0)" } } + others)
  }

  @Test func aLlamaHasSevenKindsAndThreeUnions() {
    let ends = [
      "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
      "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj",
    ]
    let found = kinds("model.layers.", ends)
    #expect(
      found.kinds.map(\.name) == [
        "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj",
      ])
    #expect(found.unions.map(\.name) == ["attention", "mlp", "all"])
    #expect(found.unions.map(\.modules.count) == [48, 36, 84])
    #expect(found.kinds[2].modules.count == 12)
    #expect(found.kinds[2].modules[10] == "model.layers.10.self_attn.v_proj")
  }

  @Test func namesThatEndAlikeAreToldApart() {
    let found = kinds(
      "bert.encoder.layer.",
      [
        "attention.self.query", "attention.self.key", "attention.self.value",
        "attention.output.dense", "intermediate.dense", "output.dense",
      ])
    #expect(
      found.kinds.map(\.name) == [
        "query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense",
      ])
    #expect(found.unions.map(\.modules.count) == [48, 24, 72])
    #expect(found.kinds.last?.modules.first == "bert.encoder.layer.0.output.dense")
  }

  @Test(arguments: [
    (["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"], "attn.c_proj", 3),
    (
      ["layer.0.SelfAttention.q", "layer.0.SelfAttention.o", "layer.1.DenseReluDense.wi"], "wi", 2
    ),
    (["attention.query_key_value", "attention.dense", "mlp.dense_h_to_4h"], "dense", 2),
  ]) func otherFamiliesAreToldByTheirNames(_ ends: [String], _ name: String, _ unions: Int) {
    let found = kinds("transformer.h.", ends)
    #expect(found.kinds.contains { $0.name == name && $0.modules.count == 12 })
    #expect(found.unions.first?.name == "attention" && found.unions.first?.modules.count == 24)
    // Where the MLP is one kind it is there already.
    #expect(found.unions.count == unions)
  }

  @Test func whatNamesDoNotSayIsLeftOut() {
    #expect(kinds("layers.", ["wq", "w1"]).unions.map(\.name) == ["all"])
    #expect(kinds("layers.", ["attn.q", "attn.k"]).unions.map(\.name) == ["all"])
    // One kind is all there is.
    #expect(kinds("layers.", ["wq"]).unions.isEmpty)
    #expect(ModuleKinds([]).groups.allSatisfy { $0.modules.isEmpty })
  }

  @Test func modulesOutsideOfLayersAreInAllAlone() {
    let found = kinds("encoder.", ["attn.q", "mlp.up"], ["pooler.dense"])
    #expect(found.kinds.last?.name == "dense" && found.kinds.last?.modules == ["pooler.dense"])
    #expect(found.unions.map(\.name) == ["all"])
    #expect(found.unions.last?.modules.count == 25)
  }

  @Test func twoStacksAreTwoKinds() {
    let found = ModuleKinds(["encoder.0.fc", "encoder.1.fc", "decoder.0.fc"])
    #expect(found.kinds.map(\.name) == ["encoder.*.fc", "decoder.*.fc"])
  }
}
