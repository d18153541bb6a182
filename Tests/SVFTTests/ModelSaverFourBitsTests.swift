// Folders in four bits as bitsandbytes has them: written, read, trained over, written again.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ModelSaverFourBitsTests {
  private static let ids: [Int32] = [1, 20, 30, 40, 50]
  let tiny: TinyVerbs

  init() throws {
    tiny = try TinyVerbs()
    try write(feedForward: 128)
  }

  private func write(feedForward: Int) throws {
    try TinyModel.llama(
      .init { ($0.vocabulary, $0.hidden, $0.feedForward) = (372, 64, feedForward) }
    ).write(folder: tiny.folder.file("model"))
  }

  private func open(_ name: String, quantized: String? = nil) throws -> Model {
    var options = ModelOptions()
    (options.threads, options.precision, options.quantization) = (1, .f32, quantized)
    return try Model(path: tiny.folder.file(name), options: options)
  }

  private func save(_ model: Model, _ name: String, _ format: String?) throws -> JSON.Object {
    try JSON.parse(model.save(to: tiny.folder.file(name), format: format)).root("report")
  }

  private func config(_ name: String) throws -> JSON.Object {
    try JSON.read(tiny.folder.file(name + "/config.json")).root("config")
  }

  @Test func aFolderInFourBitsIsTheModelQuantised() throws {
    let loaded = try open("model", quantized: "nf4")
    let report = try save(open("model"), "four", "nf4")
    let drift = try report.object("drift").double("relative")
    #expect(drift > 0 && drift < 1)
    let words = try config("four").object("quantization_config")
    #expect(try words.string("bnb_4bit_quant_type") == "nf4")
    #expect(try words.strings("llm_int8_skip_modules") == ["lm_head"])
    #expect(try config("four").string("torch_dtype") == "float32")
    let saved = try open("four")
    let formats = try JSON.parse(saved.describe()).root("model").object("formats")
    #expect(try formats.int("NF4") == 14)
    // Scales in eight bits are off by a percent at most.
    let (a, b) = (try loaded.logits(Self.ids), try saved.logits(Self.ids))
    #expect(relativeDistance(a, b) < 0.03 && a != b)
  }

  @Test func whatIsReadIsWrittenBackByteForByte() throws {
    _ = try save(open("model"), "four", "nf4")
    let model = try open("four")
    for (name, format) in [("again", nil), ("named", "nf4")] as [(String, String?)] {
      let report = try save(model, name, format)
      #expect(try report.object("drift").double("max") == 0)
      #expect(try config(name) == config("four"))
      let files = try ["four", name].map {
        try FileSystem.read(tiny.folder.file($0 + "/model.safetensors")).array
      }
      #expect(files[0] == files[1])
    }
  }

  @Test func rowsOfNoWholeBlocksStayAsTheyAreAndAreNamed() throws {
    try write(feedForward: 96)
    _ = try save(open("model"), "four", "nf4")
    let skipped = try config("four").object("quantization_config").strings("llm_int8_skip_modules")
    let modules = (0..<2).map { "model.layers.\($0).mlp.down_proj" }
    #expect(skipped == modules + ["lm_head"])
    let source = try Safetensors(tiny.folder.file("four/model.safetensors"))
    #expect(source.entry(modules[0] + ".weight")?.type.name == "F32")
    #expect(try save(open("four"), "again", nil).object("drift").double("max") == 0)
  }

  @Test func otherFormatsAreWrittenFromFourBits() throws {
    _ = try save(open("model"), "four", "nf4")
    let model = try open("four")
    let expected = try model.logits(Self.ids)
    _ = try save(model, "plain", "f32")
    #expect(try !config("plain").has("quantization_config"))
    #expect(relativeDistance(try open("plain").logits(Self.ids), expected) < 1e-5)
    // GGUF files have no such format.
    _ = try save(model, "m.gguf", nil)
    #expect(relativeDistance(try open("m.gguf").logits(Self.ids), expected) < 1e-2)
    let failure = #expect(throws: SVFTError.self) { try save(model, "n.gguf", "nf4") }
    #expect(failure?.kind == .unsupported && failure?.message.contains("a folder") == true)
    _ = try save(open("m.gguf"), "back", "nf4")
    #expect(relativeDistance(try open("back").logits(Self.ids), expected) < 0.05)
  }

  @Test(arguments: [#"{"method":"svft","pattern":"banded","d":1}"#, #"{"method":"lora","r":4}"#])
  func adaptersAreTrainedOverFourBitsAndMerged(_ method: String) throws {
    _ = try save(open("model"), "four", "nf4")
    let model = try open("four")
    let base = try model.logits(Self.ids)
    try trainBriefly(try model.createAdapter(method), try tiny.data())
    let expected = try model.logits(Self.ids)
    #expect(relativeDistance(base, expected) > 1e-3)
    _ = try save(model, "merged", "f32")
    #expect(relativeDistance(try open("merged").logits(Self.ids), expected) < 1e-5)
    let report = try save(model, "rounded", nil)
    #expect(report.has("transmitted"))
    #expect(try config("rounded").has("quantization_config"))
  }

  @Test func aModelInSeveralFilesIsTheSame() throws {
    let model = try open("model")
    let expected = try model.logits(Self.ids)
    for name in ["shards", "m.gguf"] {
      var options = SavingOptions()
      options.maxShardSize = 60_000
      let report = try JSON.parse(model.save(to: tiny.folder.file(name), options)).root("report")
      let path = try report.string("path")
      #expect(name == "shards" ? path.hasSuffix(name) : path.contains("/m-00001-of-0000"))
      var exact = ModelOptions()
      exact.precision = .f32
      let saved = try Model(path: path, options: exact)
      #expect(relativeDistance(try saved.logits(Self.ids), expected) < 1e-6)
    }
    #expect(
      try FileSystem.list(tiny.folder.file("shards")).contains("model.safetensors.index.json"))
  }
}
