// Training: loss falls, a stopped run goes on exactly, threads change nothing, strangers are
// refused.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct TrainerTests {
  static let methods = [
    #"{"method":"svft"}"#, #"{"method":"lora","r":4}"#, #"{"method":"full"}"#,
    #"{"method":"svft","pattern":"topk","count":16}"#,
  ]

  private func options(_ steps: Int) -> TrainingOptions {
    var options = TrainingOptions()
    options.steps = steps
    options.batchSize = 2
    options.reportEvery = 1
    options.learningRate = 5e-3
    return options
  }

  @Test(arguments: methods) func lossFalls(_ method: String) throws {
    let tiny = try TinyVerbs()
    let trainer = try Trainer(
      try tiny.model().createAdapter(method), data: try tiny.data(), options: options(18))
    var losses: [Double] = []
    try trainer.train {
      if $0.event == .step { losses.append($0.loss) }
      return true
    }
    #expect(losses.count == 18)
    #expect(losses.suffix(6).reduce(0, +) < losses.prefix(6).reduce(0, +))
  }

  /// Hashes of everything a run leaves that must not depend on threads and interruptions, and the
  /// text of its metrics.
  private func products(_ folder: String) throws -> [String: String] {
    var result: [String: String] = [:]
    for name in [
      "adapter_model.safetensors", "checkpoint-9/optimizer.safetensors",
      "checkpoint-9/trainer_state.json",
    ] {
      var hash = SHA256()
      try TrainingBench.bytes(folder + "/" + name).withUnsafeBytes { hash.update($0) }
      result[name] = hash.hexadecimal
    }
    let metrics = try String(contentsOfFile: folder + "/metrics.jsonl", encoding: .utf8)
    let lines = try metrics.split(separator: "\n").map { line in
      let object = try JSON.parse(String(line)).root("metrics")
      let kept = object.members.filter { !TrainingProgress.timedKeys.contains($0.0) }
      return try kept.map { "\($0.0)=\(try $0.1.text(.compact))" }.joined(separator: " ")
    }
    result["metrics"] = lines.joined(separator: "\n")
    return result
  }

  private func long(resumes: Bool = false) -> TrainingOptions {
    var options = options(9)
    options.batchSize = 1
    options.accumulation = 4
    options.validationShare = 0.2
    options.evaluateEvery = 2
    options.resumes = resumes
    return options
  }

  private func run(
    _ tiny: TinyVerbs, _ name: String, threads: Int, method: String, stopAt: Int? = nil
  ) throws -> [String: String] {
    let output = tiny.folder.file(name)
    let data = try tiny.data()
    let first = try Trainer(
      try tiny.model(threads: threads).createAdapter(method), data: data, output: output,
      options: long())
    guard let stopAt else {
      try first.train()
      return try products(output)
    }
    #expect(throws: SVFTError.self) { try first.train { $0.step < stopAt } }
    withExtendedLifetime(first) {}
    return [:]
  }

  private func resumed(
    _ tiny: TinyVerbs, _ name: String, threads: Int, method: String
  ) throws -> [String: String] {
    let output = tiny.folder.file(name)
    let second = try Trainer(
      try tiny.model(threads: threads).createAdapter(method), data: try tiny.data(),
      output: output, options: long(resumes: true))
    try second.train()
    return try products(output)
  }

  @Test(arguments: [
    #"{"method":"lora","r":4,"dropout":0.1}"#, #"{"method":"svft"}"#, #"{"method":"full"}"#,
    #"{"method":"svft","pattern":"topk","count":16}"#,
    #"{"method":"svft","pattern":"random","count":16,"form":"materialised"}"#,
  ])
  func resumedOnOtherThreadsEqualsUninterrupted(_ method: String) throws {
    let tiny = try TinyVerbs()
    let whole = try run(tiny, "whole", threads: 1, method: method)
    _ = try run(tiny, "parts", threads: 2, method: method, stopAt: 4)
    let parts = try resumed(tiny, "parts", threads: 3, method: method)
    for (name, hash) in whole { #expect(parts[name] == hash, "\(name)") }
  }

  /// The adapter of a run that is through can be had again; others are not put over it.
  @Test func aFinishedRunGivesItsAdapterAgain() throws {
    let tiny = try TinyVerbs()
    let method = #"{"method":"lora","r":2}"#
    let whole = try run(tiny, "run", threads: 1, method: method)
    let file = tiny.folder.file("run/adapter_model.safetensors")
    try FileManager.default.removeItem(atPath: file)
    #expect(try resumed(tiny, "run", threads: 1, method: method) == whole)
    let other = try tiny.model().createAdapter(method)
    let refused = #expect(throws: SVFTError.self) { try other.save(to: tiny.folder.file("run")) }
    #expect(refused?.kind == .state && refused?.message.contains("checkpoints") == true)
    for folder in ["run", "run/checkpoint-9"] {
      let refused = #expect(throws: SVFTError.self) {
        try other.export(to: tiny.folder.file(folder), options: "{}")
      }
      #expect(refused?.kind == .state)
    }
    #expect(try products(tiny.folder.file("run")) == whole)
  }

  /// What a step was computed with is not held when the trainer is gone.
  @Test func aMaterialisedMatrixGoesWithTheTrainer() throws {
    func used(_ form: String) throws -> Int {
      let tiny = try TinyVerbs()
      let model = try tiny.model()
      let adapter = try model.createAdapter(
        "{\"method\":\"svft\",\"form\":\"\(form)\",\"targets\":[\"q_proj\"]}")
      let before = try JSON.parse(model.describe()).root("model").object("memory").int("used")
      try trainBriefly(adapter, try tiny.data())
      let after = try JSON.parse(model.describe()).root("model").object("memory").int("used")
      withExtendedLifetime(adapter) {}
      return after - before
    }
    #expect(try used("materialised") == used("additive"))
  }

  @Test func anotherRunsCheckpointIsRefused() throws {
    let tiny = try TinyVerbs()
    let method = #"{"method":"lora","r":4}"#
    _ = try run(tiny, "out", threads: 1, method: method, stopAt: 2)
    var other = long(resumes: true)
    other.seed = 5
    let adapter = try tiny.model().createAdapter(method)
    func used() throws -> Int {
      try JSON.parse(adapter.model.describe()).root("model").object("memory").int("used")
    }
    let before = try used()
    let failure = #expect(throws: SVFTError.self) {
      try Trainer(
        adapter, data: try tiny.data(), output: tiny.folder.file("out"), options: other)
    }
    #expect(failure?.kind == .mismatch)
    // No gradients are left behind.
    #expect(try used() == before)
    let fresh = #expect(throws: SVFTError.self) {
      try Trainer(
        adapter, data: try tiny.data(), output: tiny.folder.file("out"), options: long())
    }
    #expect(fresh?.kind == .state)
  }

  @Test func anEncoderLearnsClassesAndTheLabelsTravel() throws {
    let tiny = try TinyVerbs(encoder: true, dropout: 0.1)
    let adapter = try tiny.model().createAdapter(#"{"method":"lora","r":4}"#)
    var wanted = options(40)
    wanted.learningRate = 2e-2
    let trainer = try Trainer(
      adapter, data: try tiny.labelled(), output: tiny.folder.file("classes"), options: wanted)
    try trainer.train()
    let other = try tiny.model()
    _ = try other.loadAdapter(tiny.folder.file("classes"))
    let texts = ["the cat sat", "a dog ran"]
    let mine = try adapter.model.classify(texts)
    #expect(mine.map(\.label) == ["cat", "dog"])
    #expect(try other.classify(texts) == mine)
  }

  private func named(_ names: [String], _ tiny: TinyVerbs) throws -> String {
    let lines = names.map { "{\"text\": \"the cat sat\", \"label\": \"\($0)\"}" }
    return try tiny.folder.write("\(names.joined()).jsonl", lines.joined(separator: "\n"))
  }

  @Test func aTrainerThatFailsLeavesNoHeadBehind() throws {
    let tiny = try TinyVerbs(encoder: true)
    let adapter = try tiny.model().createAdapter(#"{"method":"lora","r":4}"#)
    #expect(throws: SVFTError.self) {
      try Trainer(
        adapter, data: try named(["a", "b", "c"], tiny), validation: try named(["z"], tiny),
        options: options(1))
    }
    let unanswered = #expect(throws: SVFTError.self) { try adapter.model.classify(["the cat"]) }
    #expect(unanswered?.kind == .unsupported)
    try Trainer(adapter, data: try tiny.labelled(), options: options(1)).train()
    #expect(try ["cat", "dog"].contains(adapter.model.classify(["the cat"])[0].label))
  }

  @Test func anAdapterThatDoesNotLoadLeavesTheLabels() throws {
    let tiny = try TinyVerbs(encoder: true)
    for (name, data) in [("one", try tiny.labelled()), ("two", try named(["y", "z"], tiny))] {
      let adapter = try tiny.model().createAdapter(#"{"method":"lora","r":4}"#)
      try Trainer(adapter, data: data, output: tiny.folder.file(name), options: options(1)).train()
    }
    let model = try tiny.model()
    _ = try model.loadAdapter(tiny.folder.file("one"))
    #expect(throws: SVFTError.self) { try model.loadAdapter(tiny.folder.file("two")) }
    #expect(try ["cat", "dog"].contains(model.classify(["the cat"])[0].label))
  }

  @Test func aDetachedAdapterIsNotTrained() throws {
    let tiny = try TinyVerbs()
    let adapter = try tiny.model().createAdapter(#"{"method":"lora","r":4}"#)
    let trainer = try Trainer(adapter, data: try tiny.data(), options: options(2))
    try adapter.detach()
    #expect(throws: SVFTError.self) { try trainer.train() }
  }

  @Test func theCallbackFindsTheModelBusy() throws {
    let tiny = try TinyVerbs()
    let adapter = try tiny.model().createAdapter(#"{"method":"lora","r":4}"#)
    let trainer = try Trainer(adapter, data: try tiny.data(), options: options(1))
    var kind: SVFTError.Kind?
    try trainer.train { _ in
      do { _ = try adapter.describe() } catch let error as SVFTError { kind = error.kind } catch {}
      return true
    }
    #expect(kind == .busy)
  }

  /// The two halves of a run of an encoder with dropout everywhere, against the run in one piece.
  @Test(arguments: [
    (#"{"method":"head"}"#, TrainingOptions.Optimizer.adamw), (#"{"method":"head"}"#, .sgd),
    (#"{"method":"bias"}"#, .sgd), (#"{"method":"full"}"#, .adamw),
  ])
  func anEncoderGoesOnExactly(_ method: String, _ rule: TrainingOptions.Optimizer) throws {
    let tiny = try TinyVerbs(encoder: true, dropout: 0.2)
    func trainer(_ name: String, threads: Int, resumes: Bool) throws -> Trainer {
      var options = long(resumes: resumes)
      options.optimizer = rule
      options.momentum = 0.7
      return try Trainer(
        try tiny.model(threads: threads).createAdapter(method), data: try tiny.labelled(),
        output: tiny.folder.file(name), options: options)
    }
    try trainer("whole", threads: 1, resumes: false).train()
    do {
      let first = try trainer("parts", threads: 3, resumes: false)
      #expect(kind { try first.train { $0.step < 5 } } == .cancelled)
    }
    try trainer("parts", threads: 2, resumes: true).train()
    let whole = try products(tiny.folder.file("whole"))
    let parts = try products(tiny.folder.file("parts"))
    for (name, hash) in whole { #expect(parts[name] == hash, "\(name)") }
  }

  @Test func scoresAreLearnt() throws {
    let tiny = try TinyVerbs(encoder: true)
    var bench = try TrainingBench(
      tiny.model(), #"{"method":"full"}"#, data: tiny.scored(), validation: tiny.scored()
    ) {
      $0.steps = 60
      $0.optimizer = .sgd
      $0.momentum = 0.9
      $0.learningRate = 0.02
      $0.evaluateEvery = 20
    }
    let model = bench.adapter.model
    let before = try model.evaluate(tiny.scored()).loss
    try bench.run()
    let after = try model.evaluate(tiny.scored())
    #expect(after.loss < before / 2 && after.spearman != nil)
    #expect(bench.reports(.evaluation).last?.validationLoss == after.loss)
    #expect(bench.reports(.evaluation).last?.validationScore == after.spearman)
  }

  @Test func withoutProgressTheRunEndsEarly() throws {
    let tiny = try TinyVerbs()
    var bench = try TrainingBench(
      tiny.model(), #"{"method":"lora","r":2}"#, data: tiny.data(),
      output: tiny.folder.file("out")
    ) {
      $0.steps = 50
      $0.learningRate = 0
      $0.validationShare = 0.25
      $0.evaluateEvery = 2
      $0.patience = 3
    }
    try bench.run()
    #expect(try bench.trainer.step == 8 && bench.trainer.isFinished)
    #expect(bench.reports(.evaluation).map(\.step) == [2, 4, 6, 8])
    #expect(try TrainerDescriptionTests.object(bench.trainer).bool("stopped_early"))
    #expect(kind { _ = try bench.trainer.trainStep() } == .state)
  }

  @Test(arguments: [
    #"{"method":"lora","r":4,"dropout":0.3}"#,
    #"{"method":"svft","pattern":"topk","count":16}"#,
    #"{"method":"svft","form":"materialised"}"#,
  ])
  func evaluatingChangesNothing(_ method: String) throws {
    let tiny = try TinyVerbs()
    func run(every: Int) throws -> (losses: [Double], tensors: [String: [Float]]) {
      var bench = try TrainingBench(
        tiny.model(), method, data: tiny.data(), validation: tiny.data()
      ) {
        $0.steps = 7
        $0.evaluateEvery = every
      }
      try bench.run()
      return (bench.reports(.step).map(\.loss), try bench.saved())
    }
    let (without, with) = (try run(every: 0), try run(every: 1))
    #expect(without.losses == with.losses && without.tensors == with.tensors)
  }

  @Test func epochsAreCountedInSteps() throws {
    let tiny = try TinyVerbs()
    var bench = try TrainingBench(
      tiny.model(), #"{"method":"lora","r":1,"targets":["q_proj"]}"#, data: tiny.data()
    ) {
      $0.steps = 0
      $0.epochs = 3
      $0.batchSize = 5
      $0.accumulation = 2
    }
    #expect(bench.trainer.totalSteps == 6)
    try bench.run()
    let share = 10.0 / 12
    let epochs: [Double] = [share, 1, 1 + share, 2, 2 + share, 3]
    #expect(bench.reports(.step).map(\.epoch) == epochs)
    let tokens = try TrainerDescriptionTests.object(bench.trainer).int("tokens")
    #expect(bench.reports.last?.tokens == tokens && tokens % 3 == 0)
  }
}
