// Llama against a trained model: logits of the reference at every precision, step by step too.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

@Suite("Llama")
struct LlamaTests {
  static let data = "stories260K/"

  /// A stored model and the golden logits of the same precision.
  static let precisions: [(model: String, golden: String, format: String)] = [
    ("hf", "logits_full", "F32"), ("gguf/stories260K-f32.gguf", "logits_full", "F32"),
    ("gguf/stories260K-f16.gguf", "logits_full_f16", "F16"),
    ("gguf/stories260K-q8_0.gguf", "logits_full_q8_0", "Q8_0"),
    ("gguf/stories260K-q5_1.gguf", "logits_full_q5_1", "Q5_1"),
    ("gguf/stories260K-q5_0.gguf", "logits_full_q5_0", "Q5_0"),
    ("gguf/stories260K-q4_1.gguf", "logits_full_q4_1", "Q4_1"),
    ("gguf/stories260K-q4_0.gguf", "logits_full_q4_0", "Q4_0"),
  ].filter { row in ElementFormats.all.contains { $0.name == row.2 } }

  private static func golden() throws -> (prompt: [Int32], continuation: [Int32]) {
    let path = SharedData.path(data + "golden/golden.json")
    let golden = try JSON.read(path).root(path)
    return (
      try golden.ints("prompt_ids").map { Int32($0) },
      try golden.ints("continuation_ids").map { Int32($0) }
    )
  }

  private static func logits(_ name: String) throws -> [[Float]] {
    try goldenRows(data + "golden/\(name).npy")
  }

  @Test(
    "Logits of a trained model equal the reference at every stored precision",
    .enabled(if: SharedData.isPresent, "needs shared data"), arguments: precisions)
  func storedPrecisions(_ row: (model: String, golden: String, format: String)) throws {
    let model = try Checkpoint(SharedData.path(Self.data + row.model)).load()
    #expect(model.unused == [])
    let golden = try Self.golden()
    let probe = try ModelProbe(model, .languageModel, rows: 128)
    let found = try probe([golden.prompt + golden.continuation])
    let expected = try Self.logits(row.golden)
    #expect(found.count == expected.count)
    #expect(zip(found, expected).map { distance($0, $1) }.max() ?? .infinity < 1e-4)
  }

  @Test(
    "Quantising at load gives the logits of the file quantised before",
    .enabled(if: SharedData.isPresent, "needs shared data"), arguments: ["F16", "Q8_0", "Q4_0"])
  func quantisedAtLoad(_ name: String) throws {
    let format = try #require(ElementFormats.all.first { $0.name == name })
    let checkpoint = try Checkpoint(SharedData.path(Self.data + "hf"))
    let model = try checkpoint.load(.init(quantization: Quantization(format), threads: 2))
    let golden = try Self.golden()
    let probe = try ModelProbe(model, .languageModel, rows: 128)
    let found = try probe([golden.prompt + golden.continuation])
    let expected = try Self.logits("logits_full_" + name.lowercased())
    #expect(zip(found, expected).map { distance($0, $1) }.max() ?? .infinity < 1e-4)
  }

  @Test(
    "Token by token through the cache equals the whole, and greedy choices equal the reference",
    .enabled(if: SharedData.isPresent, "needs shared data"),
    arguments: ["hf", "gguf/stories260K-f32.gguf"], ["F32", "F16", "Q8_0"])
  func stepwise(_ path: String, _ format: String) throws {
    let model = try Checkpoint(SharedData.path(Self.data + path)).load()
    let geometry = model.architecture.geometry
    let golden = try Self.golden()
    let cache = try KVCache(
      layers: geometry.layers, slots: 1, context: 80, width: geometry.keyValueWidth,
      format: ElementFormats.required(format))
    // Products of one row and of many sum in another order; logits reach 20.
    let bound: Float = format == "F32" ? 5e-5 : format == "F16" ? 2e-2 : 1
    let probe = try ModelProbe(model, .languageModel, rows: 16)
    let whole = try ModelProbe(model, .languageModel, rows: 128)([
      golden.prompt + golden.continuation
    ])
    var last = try #require(try probe.continuing(golden.prompt, past: 0, cache: cache).last)
    for (step, expected) in golden.continuation.enumerated() {
      let past = golden.prompt.count + step
      #expect(distance(last, whole[past - 1]) < bound)
      let best = try #require(last.indices.max { last[$0] < last[$1] })
      #expect(Int32(best) == expected)
      last = try #require(try probe.continuing([Int32(best)], past: past, cache: cache).last)
    }
  }

  @Test("Optional biases and a head of its own are read and act")
  func optionalParts() throws {
    let folder = try TemporaryFolder()
    let ids: [Int32] = [1, 5, 9, 2]
    let plain = TinyModel.llama(tied: false)
    let biased = TinyModel.llama(tied: false, biases: true)
    try plain.write(folder: folder.file("plain"))
    try biased.write(folder: folder.file("biased"))
    let model = try Checkpoint(folder.file("biased")).load()
    #expect(model.unused == [])
    #expect(model.projections.dropLast().allSatisfy { $0.bias != nil })
    #expect(model.architecture.languageModelHead?.isTied == false)
    // Without its biases the same weights give something else.
    var stripped = biased
    stripped.tensors.removeAll { $0.name.hasSuffix(".bias") }
    stripped.config["attention_bias"] = false
    stripped.config["mlp_bias"] = false
    try stripped.write(folder: folder.file("stripped"))
    let with = try ModelProbe(model, .languageModel, rows: 8)([ids])
    let without = try ModelProbe(
      Checkpoint(folder.file("stripped")).load(), .languageModel, rows: 8)([ids])
    #expect(distance(with[3], without[3]) > 1e-3)
  }
}
