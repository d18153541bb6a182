// A model as users hold it: freed with its adapters, saved with them merged.
import SVFT
import SVFTTensor
import TestKit
import Testing

@Suite struct ModelTests {
  @Test func aModelWithAnAdapterIsFreed() throws {
    let tiny = try TinyVerbs()
    weak var seen: Model?
    do {
      let model = try tiny.model()
      seen = model
      _ = try model.createAdapter(#"{"method":"lora","r":4}"#)
      #expect(try model.attachedAdapters.count == 1)
    }
    #expect(seen == nil)
  }

  @Test(arguments: ["merged", "merged.gguf"])
  func mergedEqualsAttached(_ name: String) throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let adapter = try model.createAdapter(#"{"method":"svft"}"#)
    var options = TrainingOptions()
    options.steps = 5
    try Trainer(adapter, data: try tiny.data(), options: options).train()
    _ = try model.save(to: tiny.folder.file(name))
    let merged = try Model(path: tiny.folder.file(name))
    let ids: [Int32] = [1, 20, 30, 40, 50]
    let (a, b) = (try model.logits(ids), try merged.logits(ids))
    let top = a.map(abs).max() ?? 0
    #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 1e-5 * top })
  }

  @Test func aForeignFolderIsNotOverwritten() throws {
    let tiny = try TinyVerbs()
    _ = try tiny.data()
    #expect(throws: SVFTError.self) { try tiny.model().save(to: tiny.folder.path) }
  }
}
