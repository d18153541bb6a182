// Saved adapters as changes: what they train in full is the difference to the base, PEFT's LoRA is
// one of them, and one of another base is refused as by loading it.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct SavedAdapterTests {
  private static let ids: [Int32] = [1, 20, 30, 40, 50]

  @Test func fullTrainingBecomesAnAdapterOfProjections() throws {
    let tiny = try TinyVerbs()
    let trained = try tiny.model().createAdapter(
      #"{"method":"full","targets":["q_proj","k_proj","norm"]}"#)
    try trainBriefly(trained, try tiny.data())
    try trained.save(to: tiny.folder.file("full"))
    let model = try tiny.model()
    let (adapter, text) = try model.importAdapter(
      from: tiny.folder.file("full"), options: #"{"method":"lora","r":32}"#)
    let report = try JSON.parse(text).root("report")
    #expect(try report.object("modules").count == 4 && report.double("captured") > 1 - 1e-5)
    #expect(try report.object("others").keys == ["model.norm.weight"])
    try adapter.detach()
    // With the norm trained in full beside it, nothing is missing.
    _ = try model.importAdapter(
      from: tiny.folder.file("full"),
      options: #"{"method":"lora","r":32,"modules_to_save":["model.norm"]}"#)
    #expect(
      relativeDistance(try trained.model.logits(Self.ids), try model.logits(Self.ids)) < 1e-4)
  }

  @Test func anAdapterOfPEFTIsAChangeLikeAnother() throws {
    let fixtures = SharedData.packageRoot + "/Tests/Fixtures/"
    var options = ModelOptions()
    (options.threads, options.precision) = (1, .f32)
    let model = try Model(path: fixtures + "llama", options: options)
    let golden = try JSON.read(fixtures + "peft/golden.json").root("golden")
    let ids = try golden.ints("ids").map { Int32($0) }
    let expected = try golden.doubles("logits").map { Float($0) }
    // Rectangles hold what lies in the span of U and V: not all of a LoRA.
    let (_, text) = try model.importAdapter(
      from: fixtures + "peft", options: "{\(ModelImportTests.full)}")
    let captured = try JSON.parse(text).root("report").double("captured")
    #expect(captured > 0.01 && captured < 1)
    let exact = try Model(path: fixtures + "llama", options: options)
    _ = try exact.importAdapter(from: fixtures + "peft", options: #"{"method":"lora","r":16}"#)
    let same = Array(try exact.logits(ids).suffix(expected.count))
    #expect(relativeDistance(expected, same) < 1e-4)
  }

  @Test func anAdapterOfAnotherBaseIsRefused() throws {
    let (tiny, other) = (try TinyVerbs(), try TinyVerbs(encoder: true))
    let adapter = try tiny.model().createAdapter(#"{"method":"svft","targets":["q_proj"]}"#)
    try adapter.save(to: tiny.folder.file("a"))
    let failure = #expect(throws: SVFTError.self) {
      try other.model().importAdapter(from: tiny.folder.file("a"))
    }
    #expect(failure?.kind == .mismatch)
  }
}
