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
    let again = try throughGGUF(model)
    #expect(again.classHead?.outputs == model.classHead?.outputs)
    try expectEqual(model, again, .none)
  }

  @Test("Every family goes through GGUF, or says why not", arguments: FamilyFixture.all)
  func families(_ fixture: FamilyFixture) throws {
    let model = try Checkpoint(fixture.folder).load()
    do throws(SVFTError) {
      _ = try model.metadata()
    } catch {
      let refused = [
        "dynamic", "gpt2-untied", "neox-serial", "qwen2-window", "gemma2-scaled", "stretched",
        "m3-window", "opt",
      ]
      #expect(error.kind == .unsupported && refused.contains { fixture.name.contains($0) })
      return
    }
    let again = try throughGGUF(model)
    #expect(again.storedSlots.map(\.name).sorted() == model.storedSlots.map(\.name).sorted())
    try expectEqual(model, again, .languageModel)
    // And back: a config.json from what the GGUF file says.
    let config = try again.config()
    #expect(try config.int("num_hidden_layers", default: 2) >= 2)
  }

  /// The model from a GGUF file that is written by what it says of its tensors.
  private func throughGGUF(_ model: LoadedModel) throws -> LoadedModel {
    let folder = try TemporaryFolder()
    let metadata = try model.metadata()
    #expect(Set(metadata.map(\.key)).count == metadata.count)
    var tensors = try model.storedSlots.map { try outgoing($0, model) }
    for tensor in model.architecture.ggufTensors {
      let bytes = try Buffer(of: Float.self, count: tensor.values.count)
      _ = bytes.values(Float.self).update(fromContentsOf: tensor.values)
      tensors.append(
        OutgoingTensor(
          tensor.name, [tensor.values.count], try StoredType.named("F32"), bytes: bytes))
    }
    try GGUFWriter.write(folder.file("m.gguf"), tensors, metadata: metadata)
    let again = try Checkpoint(folder.file("m.gguf")).load()
    #expect(again.unused == [])
    return again
  }

  private func outgoing(_ slot: Slot, _ model: LoadedModel) throws -> OutgoingTensor {
    let bytes = try Buffer(of: Float.self, count: slot.weight.rows * slot.weight.columns)
    let target = bytes.pointer.assumingMemoryBound(to: Float.self)
    let layout = model.architecture.ggufLayout(slot.name)
    let lines = slot.shape.count == 1 ? slot.weight.columns : slot.weight.rows
    let columns = slot.weight.rows * slot.weight.columns / lines
    let canonical = try Buffer(of: Float.self, count: lines * columns)
    let source = canonical.pointer.assumingMemoryBound(to: Float.self)
    slot.decodeCanonical(rows: 0..<slot.weight.rows, into: source)
    for line in 0..<lines {
      let place = target + layout.rowOrder.stored(line) * columns
      for column in 0..<columns { place[column] = source[line * columns + column] + layout.offset }
    }
    withExtendedLifetime((bytes, canonical)) {}
    return OutgoingTensor(
      try model.ggufName(slot), slot.shape, try StoredType.named("F32"), bytes: bytes)
  }

  private func expectEqual(_ a: LoadedModel, _ b: LoadedModel, _ head: ModelProbe.Head) throws {
    let ids: [[Int32]] = [[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]]
    let (x, y) = try (ModelProbe(a, head, rows: 16)(ids), ModelProbe(b, head, rows: 16)(ids))
    #expect(relative(y.joined(), Array(x.joined())) < 2e-5)
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
