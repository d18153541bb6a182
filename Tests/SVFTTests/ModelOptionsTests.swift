// How a model is loaded: what each option does, and what it refuses.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ModelOptionsTests {
  private func model(_ path: String, _ change: (inout ModelOptions) -> Void) throws -> Model {
    var options = ModelOptions()
    options.threads = 1
    change(&options)
    return try Model(path: path, options: options)
  }

  private func described(_ model: Model) throws -> JSON.Object {
    try JSON.parse(model.describe()).root("the description")
  }

  @Test(arguments: [-1, 1_000_000]) func threadsHaveARange(_ count: Int) throws {
    let tiny = try TinyVerbs()
    let failure = #expect(throws: SVFTError.self) {
      try model(tiny.folder.file("model")) { $0.threads = count }
    }
    #expect(failure?.kind == .invalidArgument)
    #expect(failure?.message.contains("threads") == true)
  }

  @Test func theContextCanBeShorterThanTheModels() throws {
    let tiny = try TinyVerbs()
    let path = tiny.folder.file("model")
    let short = try model(path) { $0.contextLength = 5 }
    #expect(short.contextLength == 5)
    #expect(try described(short).int("context_length") == 5)
    let ids: [Int32] = [1, 2, 3, 4, 5]
    #expect(try short.logits(ids) == model(path) { _ in }.logits(ids))
    let failure = #expect(throws: SVFTError.self) { try short.logits(ids + [6]) }
    #expect(failure?.kind == .limit)
    for wrong in [-1, 65] {
      let failure = #expect(throws: SVFTError.self) {
        try model(path) { $0.contextLength = wrong }
      }
      #expect(failure?.kind == .invalidArgument)
    }
  }

  @Test func noThreadsMeansOnePerProcessor() throws {
    let tiny = try TinyVerbs()
    let report = try described(model(tiny.folder.file("model")) { $0.threads = 0 })
    #expect(try report.int("threads") == Parallel.processors)
  }

  @Test func anUnknownFormatIsRefusedWithTheKnownOnes() throws {
    let tiny = try TinyVerbs()
    let failure = #expect(throws: SVFTError.self) {
      try model(tiny.folder.file("model")) { $0.quantization = "q9" }
    }
    #expect(failure?.message.contains("q8_0") == true)
  }

  @Test(
    arguments: [
      (nil, .standard, "f16"), ("auto", .standard, "f16"), ("auto", .f32, "f32"),
      ("f32", .standard, "f32"), ("F16", .f32, "f16"), ("q8_0", .standard, "q8_0"),
    ] as [(String?, ModelOptions.Precision, String)])
  func keysAndValuesAreKeptInTheFormatMeant(
    _ name: String?, _ precision: ModelOptions.Precision, _ meant: String
  ) throws {
    let tiny = try TinyVerbs(
      .llama(
        .init {
          $0.keyValueHeads = 4
          $0.vocabulary = 372
        }), tokenizer: TinyVerbs.fixture("bytes"))
    let model = try model(tiny.folder.file("model")) {
      $0.keyValueFormat = name
      $0.precision = precision
    }
    #expect(try described(model).string("kv_format") == meant)
    var options = GenerationOptions()
    options.maxTokens = 5
    options.ignoresEnd = true
    #expect(try model.generate(tokens: [[1, 2, 3]], options)[0].tokens.count == 5)
  }

  @Test func aFormatForKeysThatDoesNotFitIsRefusedWithWhatFits() throws {
    let tiny = try TinyVerbs()
    for (name, words) in [("q9", "f32, f16"), ("q8_0", "f32, f16, bf16 would fit")] {
      let failure = #expect(throws: SVFTError.self) {
        try model(tiny.folder.file("model")) { $0.keyValueFormat = name }
      }
      #expect(failure?.kind == .unsupported && failure?.message.contains(words) == true)
    }
    let encoder = try TinyVerbs(encoder: true)
    _ = try model(encoder.folder.file("model")) { $0.keyValueFormat = "q8_0" }
  }

  @Test(arguments: ["f16", "bf16", "q8_0", "q4_0"])
  func matricesAreQuantisedWhileLoading(_ format: String) throws {
    let tiny = try TinyVerbs()
    var seen: [Double] = []
    var options = ModelOptions()
    options.quantization = format
    let path = tiny.folder.file("model")
    let model = try Model(path: path, options: options) { activity, done, _ in
      #expect(activity == "loading")
      seen.append(done)
      return true
    }
    let formats = try described(model).object("formats")
    #expect(try formats.int(format.uppercased()) > 10)
    // Vectors stay as they are.
    #expect(try formats.int("F32") > 0)
    #expect(seen == seen.sorted() && seen.last == 1)
    let failure = #expect(throws: SVFTError.self) {
      try Model(path: path, options: options) { _, _, _ in false }
    }
    #expect(failure?.kind == .cancelled)
  }

  @Test func aCopiedFileMayChangeAfterwards() throws {
    let tiny = try TinyVerbs()
    let model = try model(tiny.folder.file("model")) { $0.copiesFile = true }
    let before = try model.logits([1, 2, 3])
    let handle = try FileHandle(
      forWritingTo: URL(fileURLWithPath: tiny.folder.file("model/model.safetensors")))
    try handle.truncate(atOffset: 10)
    try handle.close()
    #expect(try model.logits([1, 2, 3]) == before)
  }

  @Test(
    "8-bit activations differ from F32 throughout, a little",
    .enabled(if: SharedData.isPresent, "needs shared data"))
  func precision() throws {
    let path = TrainedStories.path("gguf/stories260K-q8_0.gguf")
    let ids: [Int32] = [1, 403, 407, 261, 378, 432]
    let exact = try model(path) { $0.precision = .f32 }.logits(ids)
    let custom = try model(path) { _ in }.logits(ids)
    let distance = relativeDistance(exact, custom)
    #expect(distance > 0 && distance < 0.05)
  }

  @Test(
    "BF16 weights take activations in BF16 where the processor can, in long texts and short ones",
    .enabled(if: SharedData.isPresent, "needs shared data"))
  func precisionOfBF16() throws {
    let path = TrainedStories.path("hf")
    let ids: [Int32] = [1] + (0..<39).map { 259 + $0 * 61 % 250 }
    let exact = try model(path) {
      $0.quantization = "bf16"
      $0.precision = .f32
    }
    let custom = try model(path) { $0.quantization = "bf16" }
    let whole = try custom.logits(ids)
    let begun = try custom.logits(Array(ids.prefix(20)))
    let rounds = Kernels.instructionSet >= .avx512bf16
    let distance = relativeDistance(try exact.logits(ids), whole)
    #expect(rounds ? distance > 1e-4 && distance < 0.05 : distance < 1e-6)
    // Sums in another order now and then round another way.
    #expect(relativeDistance(begun, Array(whole.prefix(begun.count))) < (rounds ? 0.01 : 1e-5))
  }

  @Test func aCacheFolderKeepsFactors() throws {
    let tiny = try TinyVerbs()
    let cache = tiny.folder.file("cache")
    try model(tiny.folder.file("model")) { $0.cacheFolder = cache }.factor(["q_proj"])
    #expect(try FileSystem.list(cache).filter { $0.hasSuffix(".safetensors") }.count == 2)
  }
}
