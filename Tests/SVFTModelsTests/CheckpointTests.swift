// What lies at a path: models, and everything that is none.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("Checkpoint")
struct CheckpointTests {
  private static func kind(_ path: String) -> SVFTError.Kind? {
    do {
      _ = try Checkpoint(path)
      return nil
    } catch { return error.kind }
  }

  @Test("Paths that hold no model are errors of their kind")
  func noModel() throws {
    let folder = try TemporaryFolder()
    #expect(Self.kind("") == .invalidArgument)
    #expect(Self.kind(folder.file("absent")) == .io)
    #expect(Self.kind(folder.path) == .io)
    #expect(Self.kind("/dev/null") == .io)
    try folder.write("page.gguf", "<html>")
    #expect(Self.kind(folder.file("page.gguf")) == .format)
    try folder.write("config.json", "")
    #expect([SVFTError.Kind.format, .truncated].contains(Self.kind(folder.path)))
    try folder.write("config.json", #"{"model_type": "llama"}"#)
    #expect(Self.kind(folder.path) == .io)
  }

  @Test(
    "PyTorch's files, one or several, are refused with the advice to convert them",
    arguments: ["pytorch_model.bin", "pytorch_model.bin.index.json", "consolidated.00.pth"])
  func pyTorch(_ name: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("config.json", #"{"model_type": "llama"}"#)
    try folder.write(name, "x")
    let error = #expect(throws: SVFTError.self) { try Checkpoint(folder.path) }
    #expect(
      error?.message.contains("\(name), which is not read: convert it to safetensors") == true)
  }

  @Test("Every prefix of a config is an error and none traps")
  func prefixes() throws {
    let folder = try TemporaryFolder()
    try TinyModel.llama(.init { $0.layers = 1 }).write(folder: folder.path)
    let bytes = Array(try JSON.object(TinyModel.llama().config).text().utf8)
    for length in 0..<bytes.count {
      try folder.write("config.json", Array(bytes[..<length]))
      #expect(Self.kind(folder.path) != nil)
    }
  }

  @Test(
    "A folder quantised by bitsandbytes computes what it computes",
    arguments: ["nested", "plain", "fp4", "turned"])
  func fourBits(_ name: String) throws {
    let fixture = FamilyFixture(name: name, kind: "fourbits")
    let golden = try fixture.golden()
    let model = try Checkpoint(fixture.folder).load()
    #expect(model.unused == [])
    #expect(model.slots.contains { $0.weight.format.name == "NF4" } == (name != "fp4"))
    let found = try ModelProbe(model, .languageModel, rows: 16)([golden.ids]).flatMap { $0 }
    let expected = try golden.values("logits")
    let largest = expected.map(abs).max() ?? 0
    #expect(found.count == expected.count && largest > 0)
    // Where bitsandbytes rounds what it decodes to F16, we do not.
    let bound: Float = name == "plain" ? 1e-3 : 1e-4
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < bound * largest })
  }

  @Test("Opening reads no weights and keeps the config as it was")
  func config() throws {
    let folder = try TemporaryFolder()
    var model = TinyModel.llama()
    model.config["stranger"] = ["kept": true]
    try model.write(folder: folder.path)
    let checkpoint = try Checkpoint(folder.path)
    #expect(checkpoint.config == model.config)
    #expect(checkpoint.gguf == nil)
    #expect(ObjectIdentifier(checkpoint.family) == ObjectIdentifier(TransformerDecoder<Llama>.self))
  }
}
