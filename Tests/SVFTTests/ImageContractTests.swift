// Every tiny model of images through the contract of adapters and files, as FamilyContractTests has
// it for models of text: a fresh adapter changes nothing, training lowers the loss over F32 and
// over quantised weights, what is merged or saved equals what was attached.
import Foundation
import SVFT
import SVFTAdapters
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct ImageContractTests {
  static let methods = FamilyContractTests.methods + [#"{"method":"head"}"#]

  @Test(arguments: FamilyFixture.vision, methods)
  func whatIsMergedEqualsWhatWasAttached(_ fixture: FamilyFixture, _ method: String) throws {
    let tiny = try TinyPictures(fixture)
    let model = try tiny.model()
    let base = try model.embed(tiny.pictures).flatMap { $0 }
    let adapter = try model.createAdapter(method)
    #expect(relativeDistance(base, try model.embed(tiny.pictures).flatMap { $0 }) < 1e-5)
    try trainBriefly(adapter, tiny.data)
    let (vectors, scores) = try (model.embed(tiny.pictures).flatMap { $0 }, tiny.scores(model))
    if !method.contains("head") { #expect(relativeDistance(base, vectors) > 1e-4) }
    _ = try model.save(to: tiny.folder.file("merged"))
    try adapter.save(to: tiny.folder.file("adapter"))
    let merged = try tiny.model(tiny.folder.file("merged"))
    let loaded = try tiny.model()
    _ = try loaded.loadAdapter(tiny.folder.file("adapter"))
    for (other, bound) in [(merged, Float(5e-3)), (loaded, 1e-5)] {
      #expect(relativeDistance(vectors, try other.embed(tiny.pictures).flatMap { $0 }) < bound)
      #expect(relativeDistance(scores, try tiny.scores(other)) < bound)
    }
    #expect(try Set(merged.classify(tiny.pictures).map(\.label)).isSubset(of: Self.known(fixture)))
  }

  private static func known(_ fixture: FamilyFixture) -> Set<String?> {
    fixture.name.hasSuffix("body") ? ["light", "dark"] : ["0", "1", "2"]
  }

  @Test(arguments: FamilyFixture.vision, ["q8_0", "q4_0"])
  func quantisedWeightsAreTrainedOver(_ fixture: FamilyFixture, _ format: String) throws {
    let tiny = try TinyPictures(fixture)
    let model = try tiny.model(quantize: format)
    for method in Self.methods.prefix(2) {
      let adapter = try model.createAdapter(method)
      try trainBriefly(adapter, tiny.data, steps: 1)
      let before = try model.evaluate(tiny.data).loss
      try trainBriefly(adapter, tiny.data, steps: 8)
      let after = try model.evaluate(tiny.data)
      #expect(after.loss < before && after.count == 6 * tiny.classes.count, "\(method)")
      try adapter.detach()
    }
  }

  @Test(arguments: FamilyFixture.vision)
  func tensorsAndSettingsAreSavedAsTheyWere(_ fixture: FamilyFixture) throws {
    let tiny = try TinyPictures(fixture)
    _ = try tiny.model().save(to: tiny.folder.file("same"))
    let one = try Safetensors(tiny.path + "/model.safetensors")
    let other = try Safetensors(tiny.folder.file("same/model.safetensors"))
    #expect(Set(one.names) == Set(other.names))
    for name in one.names {
      #expect(try one.require(name).shape == other.require(name).shape, "\(name)")
      // Vectors are F32 in memory, and written as such.
      let same = try Self.values(one, name) == Self.values(other, name)
      #expect(same, "\(name)")
    }
    let names = ["config.json", "preprocessor_config.json"]
    for name in names { #expect(try FileSystem.isFile(tiny.folder.file("same/" + name))) }
    let failure = #expect(throws: SVFTError.self) {
      try tiny.model().save(to: tiny.folder.file("m.gguf"))
    }
    #expect(failure?.kind == .unsupported && failure?.message.contains("iT of images") == true)
  }

  private static func values(_ file: Safetensors, _ name: String) throws -> [Float] {
    let entry = try file.require(name)
    let format = try ElementFormats.required(entry.type.name.lowercased())
    var values = [Float](repeating: 0, count: entry.shape.reduce(1, *))
    let bytes = try file.bytes(name)
    withExtendedLifetime(bytes) {
      format.decode(bytes.pointer, count: values.count, into: &values)
    }
    return values
  }

  @Test(arguments: AdapterMethods.all.map { #"{"method":"\#($0.name)"}"# }, [false, true])
  func trainingTakesWhatWasEstimated(_ adapter: String, recomputes: Bool) throws {
    let tiny = try TinyPictures(FamilyFixture(name: "vit-body", kind: "vision"))
    var work = Workload()
    work.adapter = adapter
    (work.training.batchSize, work.training.steps) = (2, 2)
    work.training.recomputes = recomputes
    (work.training.validationShare, work.evaluates, work.classes) = (0.5, true, 2)
    var options = ModelOptions()
    options.threads = 1
    let estimate = try Model.estimate(path: tiny.path, options: options, workload: work)
    let model = try Model(path: tiny.path, options: options)
    try Trainer(
      model.createAdapter(adapter), data: tiny.data, output: tiny.folder.file("run"),
      options: work.training
    ).train()
    let peak = try JSON.parse(model.describe()).root("").object("memory").int("peak")
    let expected = estimate.stages.map(\.bytes).max() ?? 0
    // Pictures on their way into a batch are no part of an estimate: one at a time, here some KiB.
    #expect(abs(peak - expected) < 40 << 10, "\(peak) and \(expected)")
  }

  @Test func aResumedRunGoesOnAsIfItHadNeverStopped() throws {
    func weights(stoppingAt stop: Int?) throws -> [UInt8] {
      let tiny = try TinyPictures()
      var options = TrainingOptions()
      (options.steps, options.batchSize, options.saveEvery) = (6, 4, 2)
      let output = tiny.folder.file("out")
      func run() throws {
        let adapter = try tiny.model().createAdapter(Self.methods[1])
        let trainer = try Trainer(adapter, data: tiny.data, output: output, options: options)
        try trainer.train { options.resumes || $0.step < stop ?? 99 }
      }
      if stop != nil {
        #expect(throws: SVFTError.self) { try run() }
        options.resumes = true
      }
      try run()
      return Array(
        try Data(contentsOf: URL(fileURLWithPath: output + "/adapter_model.safetensors")))
    }
    #expect(try weights(stoppingAt: 3) == weights(stoppingAt: nil))
  }

  @Test func verbsOfTextSayThatTheModelReadsImages() throws {
    let model = try TinyPictures().model()
    let calls: [() throws -> Void] = [
      { _ = try model.tokenize("a") }, { _ = try model.detokenize([1]) },
      { _ = try model.generate(["a"]) }, { _ = try model.logits([1]) },
      { _ = try model.session() }, { _ = try model.bench(#"{"train": 1}"#) },
    ]
    for call in calls {
      let failure = #expect(throws: SVFTError.self) { try call() }
      #expect(failure?.kind == .unsupported, "\(failure?.message ?? "")")
    }
    let about = try JSON.parse(model.describe()).root("")
    #expect(try about.object("image").int("height") == 12)
  }

  @Test func picturesComeByPathAndByContents() throws {
    let tiny = try TinyPictures()
    let model = try tiny.model()
    let contents = Data(TinyPictures.picture(shade: 1, seed: 2)).base64EncodedString()
    let found = try model.classify([tiny.pictures[1], "data:;base64," + contents])
    #expect(found[0] == found[1])
    for (name, kind) in [("none.png", SVFTError.Kind.io), ("", .invalidArgument)] {
      let failure = #expect(throws: SVFTError.self) { try model.classify([name]) }
      #expect(failure?.kind == kind)
    }
    let failure = #expect(throws: SVFTError.self) {
      try model.classify(tiny.pictures, pairs: tiny.pictures)
    }
    #expect(failure?.kind == .invalidArgument)
    #expect(try model.classify(tiny.pictures, pairs: [nil, nil, nil]).count == 3)
  }
}
