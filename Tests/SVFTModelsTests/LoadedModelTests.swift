// Lists that writers go by, and models written by them.
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

  @Test("What a writer is told loads again in both containers", arguments: FamilyCase.all)
  func export(_ family: FamilyCase) throws {
    let model = try family.load()
    let folder = try TemporaryFolder()
    let metadata = try model.metadata()
    #expect(Set(metadata.map(\.key)).count == metadata.count)
    var tensors: [OutgoingTensor] = []
    for slot in model.storedSlots {
      let bytes = try Buffer(of: Float.self, count: slot.weight.rows * slot.weight.columns)
      let target = bytes.pointer.assumingMemoryBound(to: Float.self)
      let order = model.ggufRowOrder(slot)
      let lines = slot.shape.count == 1 ? slot.weight.columns : slot.weight.rows
      let columns = slot.weight.rows * slot.weight.columns / lines
      let canonical = try Buffer(of: Float.self, count: lines * columns)
      let source = canonical.pointer.assumingMemoryBound(to: Float.self)
      slot.decodeCanonical(rows: 0..<slot.weight.rows, into: source)
      for line in 0..<lines {
        (target + order.stored(line) * columns).update(
          from: source + line * columns, count: columns)
      }
      withExtendedLifetime((bytes, canonical)) {}
      tensors.append(
        OutgoingTensor(
          try model.ggufName(slot), slot.shape, try StoredType.named("F32"), bytes: bytes))
    }
    try GGUFWriter.write(folder.file("m.gguf"), tensors, metadata: metadata)
    let again = try Checkpoint(folder.file("m.gguf")).load()
    #expect(again.unused == [])
    #expect(again.classHead?.outputs == model.classHead?.outputs)
    let ids: [[Int32]] = [[3, 1, 4, 1, 5]]
    let a = try ModelProbe(model, .none, rows: 8)(ids)
    let b = try ModelProbe(again, .none, rows: 8)(ids)
    for (x, y) in zip(a, b) { #expect(distance(x, y) < 2e-5) }
  }

  @Test("A fresh class head changes the config that is written, nothing else does")
  func configOfHead() throws {
    let folder = try TemporaryFolder()
    try TinyModel.bert().write(folder: folder.path)
    var model = try Checkpoint(folder.path).load()
    #expect(try model.config() == model.checkpoint.config)
    try model.addClassHead(try ClassHead.Fresh(outputs: 3, seed: 0))
    let config = try model.config()
    #expect(try config.strings("architectures") == ["BertForSequenceClassification"])
    #expect(try config.object("id2label").count == 3)
    #expect(try config.int("hidden_size") == 32)
  }

  @Test("Quantising at load touches every matrix, the embedding too")
  func quantised() throws {
    let folder = try TemporaryFolder()
    try TinyModel.llama(.init { $0.feedForward = 48 }).write(folder: folder.path)
    let format = try #require(ElementFormats.named("Q4_0"))
    let model = try Checkpoint(folder.path).load(
      .init(quantization: Quantization(format), threads: 2))
    for slot in model.slots where slot.shape.count == 2 {
      // Rows of 48 are no whole blocks of 32.
      #expect(slot.weight.format.name == (slot.shape[1] % 32 == 0 ? "Q4_0" : "F16"))
    }
  }
}
