// Quantisation-aware training from end to end: what was trained is what a merged file computes, bit
// for bit; adapters travel; finer weights are found where they are.
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ModelLatentsTests {
  private static let text = "the cat number 3 sat on mat 21"

  private func model(
    _ tiny: TinyVerbs, _ path: String? = nil, _ quant: String? = "q4_0",
    _ precision: ModelOptions.Precision = .standard, latents: String? = nil
  ) throws -> Model {
    var options = ModelOptions()
    options.threads = 2
    options.quantization = quant
    options.precision = precision
    options.latents = latents
    return try Model(path: path ?? tiny.folder.file("model"), options: options)
  }

  private func logits(_ model: Model) throws -> [Float] {
    try model.logits(model.tokenize(Self.text))
  }

  /// A trained adapter on the model.
  private func trained(
    _ tiny: TinyVerbs, _ model: Model, _ options: String, output: String? = nil
  ) throws -> TrainingBench {
    var bench = try TrainingBench(model, options, data: tiny.data(), output: output) {
      $0.learningRate = 2e-2
    }
    try bench.run()
    return bench
  }

  static let methods = [
    #""method":"svft","pattern":"banded","d":4"#, #""method":"lora","r":4"#,
    #""method":"svft","pattern":"topk","d":1,"gate":true"#,
    #""method":"svft","modules_to_save":["norm"]"#,
  ]

  @Test(arguments: methods, ["q8_0", "q4_0", "f16"])
  func theFileComputesWhatWasTrained(_ method: String, _ quant: String) throws {
    for precision in ModelOptions.Precision.allCases {
      try fileComputesWhatWasTrained(method, quant, precision)
    }
  }

  @Test(arguments: ["recomputed", "learned"], ["q8_0", "q4_0"])
  func otherScalesAreInTheFileToo(_ scales: String, _ quant: String) throws {
    try fileComputesWhatWasTrained(Self.methods[0], quant, .standard, scales)
  }

  private func fileComputesWhatWasTrained(
    _ method: String, _ quant: String, _ precision: ModelOptions.Precision,
    _ scales: String = "frozen"
  ) throws {
    let tiny = try TinyVerbs()
    // Rows of a folder and of a GGUF file lie in different orders: sums in attention would differ.
    let file = tiny.folder.file("base.gguf")
    _ = try self.model(tiny, nil, quant, precision).save(to: file)
    let model = try model(tiny, file, nil, precision, latents: tiny.folder.file("model"))
    let base = try logits(model)
    let bench = try trained(tiny, model, "{\(method),\"quantization_aware\":\"\(scales)\"}")
    let mine = try logits(model)
    #expect(mine != base)
    let report = try JSON.parse(
      model.save(to: tiny.folder.file("merged.gguf"), probe: Self.text)
    ).root("report")
    #expect(try report.object("drift").double("max") == 0)
    let merged = try self.model(tiny, tiny.folder.file("merged.gguf"), nil, precision)
    #expect(try logits(merged) == mine)
    guard quant != "f16" else { return }
    let shares = try report.object("transmitted")
    #expect(try shares.double("mean") > 0.3)
    #expect(try shares.has("naive") && shares.object("naive").has("lowest"))
    #expect(try report.object("perplexity").double("merged") > 1)
    try bench.adapter.detach()
    #expect(try logits(model) == base)
  }

  @Test(arguments: ["auto", "dither"], ["frozen", "learned"])
  func adaptersTravel(_ latents: String, _ scales: String) throws {
    let tiny = try TinyVerbs()
    let model = try model(tiny)
    let bench = try trained(
      tiny, model,
      #"{"method":"svft","d":2,"pattern":"banded","quantization_aware":""# + scales
        + #"","latents":""# + latents + #"","seed":9}"#)
    let expected = try logits(model)
    try bench.adapter.save(to: tiny.folder.file("adapter"))
    let again = try self.model(tiny)
    let loaded = try again.loadAdapter(tiny.folder.file("adapter"))
    #expect(try logits(again) == expected)
    #expect(try loaded.describe().contains("\"quantization_aware\": \"\(scales)\""))
    // Off and on again it is the same; in between it is the base.
    try loaded.setScale(0)
    #expect(try logits(again) == logits(self.model(tiny)))
    try loaded.setScale(1)
    #expect(try logits(again) == expected)
    try loaded.save(to: tiny.folder.file("second"))
    for name in ["adapter_config.json", "adapter_model.safetensors"] {
      #expect(
        try FileSystem.read(tiny.folder.file("adapter/\(name)")).array
          == FileSystem.read(tiny.folder.file("second/\(name)")).array)
    }
    // Rows of queries and keys lie in another order there: sums over them may round otherwise, and
    // now and then a number fall into the next code.
    let change = relativeDistance(try logits(self.model(tiny)), expected)
    func isNear(_ other: Model) throws {
      #expect(relativeDistance(expected, try logits(other)) < 0.03 * change)
    }
    // The quantised file alone has no finer weights, unless it is told where they are.
    let file = tiny.folder.file("base.gguf")
    _ = try self.model(tiny).save(to: file)
    let quantised = try self.model(tiny, file, nil)
    guard latents == "auto" else {
      _ = try quantised.loadAdapter(tiny.folder.file("adapter"))
      return try isNear(quantised)
    }
    let failure = #expect(throws: SVFTError.self) {
      try quantised.loadAdapter(tiny.folder.file("adapter"))
    }
    #expect(failure?.kind == .mismatch)
    let told = try self.model(tiny, file, nil, latents: tiny.folder.file("model"))
    _ = try told.loadAdapter(tiny.folder.file("adapter"))
    try isNear(told)
  }

  /// A GGUF file has rows of queries and keys in another order than a folder.
  @Test func latentsMayLieInEitherContainer() throws {
    let tiny = try TinyVerbs()
    let file = tiny.folder.file("full.gguf")
    _ = try self.model(tiny, nil, nil).save(to: file, format: "f32")
    func logits(_ latents: String) throws -> [Float] {
      let model = try self.model(tiny, latents: latents)
      _ = try trained(tiny, model, #"{"method":"lora","quantization_aware":"frozen"}"#)
      return try self.logits(model)
    }
    #expect(try logits(file) == logits(tiny.folder.file("model")))
  }

  @Test func recomputingChangesNoBit() throws {
    let tiny = try TinyVerbs()
    let results = try [false, true].map { recomputes in
      let model = try self.model(tiny)
      var bench = try TrainingBench(
        model, #"{"method":"lora","dropout":0.2,"quantization_aware":"learned"}"#,
        data: tiny.data()
      ) { $0.recomputes = recomputes }
      try bench.run()
      return try logits(model)
    }
    #expect(results[0] == results[1])
  }

  @Test func resumingGoesOnWithTheSameCodes() throws {
    let tiny = try TinyVerbs()
    let options = #"{"method":"lora","r":2,"quantization_aware":"learned"}"#
    func run(_ output: String, resumes: Bool, stopAt: Int?) throws -> [Float] {
      let model = try model(tiny)
      var bench = try TrainingBench.ofSixSteps(
        tiny, options, model: model, output: tiny.folder.file(output), resumes: resumes
      ) { $0.saveEvery = 1 }
      do {
        try bench.run { $0.step < stopAt ?? .max }
      } catch {
        #expect(stopAt != nil && (error as? SVFTError)?.kind == .cancelled)
      }
      return try logits(model)
    }
    let whole = try run("whole", resumes: false, stopAt: nil)
    _ = try run("part", resumes: false, stopAt: 3)
    #expect(try run("part", resumes: true, stopAt: nil) == whole)
  }

  @Test func anEncoderIsTrainedToo() throws {
    let tiny = try TinyVerbs(encoder: true)
    let model = try model(tiny)
    let method = #"{"method":"svft","quantization_aware":"frozen"}"#
    var bench = try TrainingBench(model, method, data: tiny.labelled()) { _ in }
    try bench.run()
    #expect(!bench.reports.isEmpty && bench.reports.allSatisfy { $0.loss.isFinite })
  }

  /// W = W_q + E: where an adapter can hold all of E, repair is the full-precision model.
  @Test(arguments: [#""method":"lora","r":64"#, #""method":"svft","pattern":"banded","d":63"#])
  func repairTakesTheQuantisationError(_ method: String) throws {
    let tiny = try TinyVerbs()
    let full = try logits(model(tiny, nil, nil, .f32))
    let rounded = try model(tiny, nil, "q4_0", .f32)
    func distance() throws -> Double {
      try zip(full, logits(rounded)).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    }
    let before = try distance()
    let targets =
      #""targets":["q_proj","k_proj","v_proj","o_proj","gate_proj","up_proj","#
      + #""down_proj"]"#
    _ = try rounded.createAdapter("{\(method),\(targets),\"repair\":true}")
    // What is left is that of the embedding and the head.
    #expect(try distance() < before)
    let slot = try model(tiny, nil, "q4_0", .f32)
    _ = try slot.createAdapter("{\"method\":\"svft\",\"repair\":true}")
    #expect(try logits(slot) != logits(model(tiny, nil, "q4_0", .f32)))
  }

  @Test func whatCannotBeIsRefused() throws {
    let tiny = try TinyVerbs()
    let file = tiny.folder.file("base.gguf")
    _ = try model(tiny).save(to: file)
    let other = try TinyVerbs(
      .llama(.init { ($0.vocabulary, $0.seed) = (372, 2) }), tokenizer: TinyVerbs.fixture("bytes"))
    let encoder = try TinyVerbs(encoder: true)
    let aware = #"{"method":"lora","quantization_aware":"frozen"}"#
    let repair = #"{"method":"lora","repair":true}"#
    let cases: [(Model, String, SVFTError.Kind, String)] = [
      (try model(tiny, nil, nil), aware, .invalidArgument, "F32"),
      (try model(tiny, file, nil), repair, .mismatch, "repair"),
      (
        try model(tiny), #"{"method":"lora","repair":true,"quantization_aware":"frozen"}"#,
        .invalidArgument, "repair"
      ),
      (
        try model(tiny, file, nil, latents: other.folder.file("model")), aware, .mismatch,
        "other codes"
      ),
      (
        try model(tiny, file, nil, latents: other.folder.file("model")),
        #"{"method":"lora","quantization_aware":"recomputed"}"#, .mismatch, "other codes"
      ),
      (
        try model(tiny, file, nil, latents: other.folder.file("model")), repair, .mismatch,
        "found others at"
      ),
      (
        try model(tiny, file, nil, latents: encoder.folder.file("model")), aware, .mismatch,
        "another family"
      ),
      (try model(tiny, file, nil, latents: "nowhere"), aware, .io, "nowhere"),
      (try model(tiny), #"{"method":"full","quantization_aware":"frozen"}"#, .unsupported, "full"),
      (try model(tiny), #"{"method":"full","repair":true}"#, .unsupported, "full"),
    ]
    for (model, options, kind, words) in cases {
      let failure = #expect(throws: SVFTError.self) { try model.createAdapter(options) }
      #expect(failure?.kind == kind && failure?.message.contains(words) == true, "\(words)")
      #expect(try model.attachedAdapters.isEmpty)
    }
  }

  /// A LoRA or a delta of ΔW would lack them without a sign.
  @Test func trainedScalesAreNotLeftOutInSilence() throws {
    let tiny = try TinyVerbs()
    let model = try model(tiny)
    let adapter = try trained(
      tiny, model, #"{"method":"lora","r":2,"quantization_aware":"learned"}"#
    ).adapter
    let (out, saved) = (tiny.folder.file("out"), tiny.folder.file("saved"))
    try adapter.save(to: saved)
    for form in ["peft", "gguf-lora", "delta"] {
      let failure = #expect(throws: SVFTError.self) {
        try adapter.export(to: out, options: #"{"to":"\#(form)"}"#)
      }
      #expect(failure?.kind == .unsupported)
    }
    let sum = #expect(throws: SVFTError.self) { try Adapter.sum(of: [adapter]) }
    #expect(sum?.kind == .unsupported)
    let taken = #expect(throws: SVFTError.self) {
      try model.importAdapter(from: saved, options: #"{"method":"lora"}"#)
    }
    #expect(taken?.kind == .unsupported)
  }
}
