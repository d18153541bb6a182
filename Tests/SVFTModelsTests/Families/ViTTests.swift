// ViT: one learned row; heads, and a body that came without one.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("ViT")
struct ViTTests {
  @Test("The body's pooler is kept, and read by no head")
  func pooler() throws {
    var model = try Checkpoint(FamilyFixture(name: "vit-body", kind: "vision").folder).load()
    #expect(model.classHead == nil && model.unused == [])
    #expect(
      model.architecture.carried.map(\.name) == [
        "vit.pooler.dense.weight", "vit.pooler.dense.bias",
      ]
    )
    try model.addClassHead(.init(outputs: 4, seed: 1))
    let head = try #require(model.classHead)
    #expect(head.projections.map(\.name) == ["classifier"] && head.adjacentRows == 1)
    #expect(try model.config().strings("architectures") == ["ViTForImageClassification"])
  }

  @Test("Linear modules are those of the layers")
  func modules() throws {
    let model = try Checkpoint(FamilyFixture(name: "vit-gray", kind: "vision").folder).load()
    let names = model.architecture.projections.map(\.name)
    #expect(names.count == 12 && names[0] == "vit.encoder.layer.0.attention.attention.query")
    #expect(model.architecture.projections[0].bias == nil)
    #expect(model.architecture.projections[3].bias != nil)
    #expect(model.embeddingHead == EmbeddingHead(.cls, normalizes: true))
  }
}
