import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("LoadedModel")
struct LoadedModelTests {
  @Test("A bare encoder keeps its pooler for writing, and a class head takes it over")
  func carriedPooler() throws {
    let folder = try TemporaryFolder()
    try TinyModel.bert().write(folder: folder.path)
    var model = try Checkpoint(folder.path).load()
    let pooler = "bert.pooler.dense.weight"
    #expect(!model.slots.contains { $0.name == pooler })
    #expect(model.storedSlots.contains { $0.name == pooler })
    try model.addClassHead(try ClassHead.Fresh(outputs: 2, seed: 0))
    #expect(model.slots.filter { $0.name == pooler }.count == 1)
    #expect(model.storedSlots.filter { $0.name == pooler }.count == 1)
    #expect(model.projections.suffix(2).map(\.name) == ["bert.pooler.dense", "classifier"])
  }

  @Test("Quantising at load touches every matrix, the embedding too")
  func quantised() throws {
    let folder = try TemporaryFolder()
    try TinyModel.llama(.init { $0.feedForward = 48 }).write(folder: folder.path)
    let format = try #require(ElementFormats.named("Q4_0"))
    let model = try Checkpoint(folder.path).load(.init(format: format, threads: 2))
    for slot in model.slots where slot.shape.count == 2 {
      // Rows of 48 are no whole blocks of 32.
      #expect(slot.weight.format.name == (slot.shape[1] % 32 == 0 ? "Q4_0" : "F16"))
    }
  }
}
