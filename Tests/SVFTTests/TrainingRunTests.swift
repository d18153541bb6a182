// One optimiser step: accumulation, clipping, decay, steps that are not finite, preparation, and
// the same bytes from any team.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import SVFTText
import TestKit
import Testing

@Suite struct TrainingRunTests {
  /// Methods by their options; those for encoders train on classes.
  struct Method: Sendable, CustomTestStringConvertible {
    let options: String
    var encoder = false
    var testDescription: String { options }

    static let all = [
      Method(options: #"{"method":"svft"}"#),
      Method(options: #"{"method":"svft","pattern":"banded","d":2,"form":"materialised"}"#),
      Method(options: #"{"method":"svft","pattern":"random","count":40}"#),
      Method(options: #"{"method":"svft","pattern":"topk","count":40,"score_steps":2}"#),
      Method(options: #"{"method":"lora","r":3,"dropout":0.2,"bias":"all"}"#, encoder: true),
      Method(options: #"{"method":"full"}"#), Method(options: #"{"method":"full"}"#, encoder: true),
      Method(options: #"{"method":"head"}"#, encoder: true),
      Method(options: #"{"method":"bias"}"#, encoder: true),
    ]

    func tiny() throws -> TinyVerbs { try TinyVerbs(encoder: encoder, dropout: 0.1) }

    func data(_ tiny: TinyVerbs) throws -> String {
      try encoder ? tiny.labelled() : tiny.data()
    }
  }

  /// The numbers and losses of a short run.
  private func outcome(
    _ tiny: TinyVerbs, _ method: Method, threads: Int = 1,
    _ change: (inout TrainingOptions) -> Void
  ) throws -> (losses: [Double], tensors: [String: [Float]]) {
    var bench = try TrainingBench(
      tiny.model(threads: threads), method.options, data: method.data(tiny), change)
    try bench.run()
    return (bench.reports(.step).map(\.loss), try bench.saved())
  }

  @Test(arguments: Method.all) func everyTeamTrainsTheSameBits(_ method: Method) throws {
    let tiny = try method.tiny()
    let alone = try outcome(tiny, method) { $0.accumulation = 2 }
    #expect(alone.losses.count == 4 && !alone.tensors.isEmpty)
    for threads in [2, 3, 5] {
      let team = try outcome(tiny, method, threads: threads) { $0.accumulation = 2 }
      #expect(team.losses == alone.losses && team.tensors == alone.tensors, "\(threads)")
    }
  }

  @Test(arguments: Method.all)
  func recomputedActivationsTrainTheSameBits(_ method: Method) throws {
    let tiny = try method.tiny()
    let kept = try outcome(tiny, method) { _ in }
    let again = try outcome(tiny, method, threads: 2) { $0.recomputes = true }
    #expect(kept.losses == again.losses && kept.tensors == again.tensors)
  }

  @Test(arguments: Method.all.filter { !$0.options.contains("dropout") })
  func accumulatedMicroBatchesAreOneLargeBatch(_ method: Method) throws {
    let tiny = try TinyVerbs(encoder: method.encoder)
    func run(_ size: Int, _ times: Int) throws -> (losses: [Double], tensors: [String: [Float]]) {
      try outcome(tiny, method) {
        $0.batchSize = size
        $0.accumulation = times
        $0.optimizer = .sgd
        $0.learningRate = 0.05
        $0.momentum = 0.5
      }
    }
    let whole = try run(4, 1)
    for (size, times) in [(2, 2), (1, 4)] {
      let parts = try run(size, times)
      #expect(zip(parts.losses, whole.losses).allSatisfy { abs($0 - $1) < 1e-5 * $1 })
      for (name, values) in whole.tensors {
        let top = values.map(abs).max() ?? 0
        let found = parts.tensors[name] ?? []
        #expect(found.count == values.count, "\(name)")
        #expect(zip(found, values).allSatisfy { abs($0 - $1) <= 1e-5 * top + 1e-7 }, "\(name)")
      }
    }
  }

  /// The numbers after one step of plain SGD.
  private func oneStep(
    _ tiny: TinyVerbs, _ method: Method, _ rate: Double, _ change: (inout TrainingOptions) -> Void
  ) throws -> [String: [Float]] {
    try outcome(tiny, method) {
      $0.steps = 1
      $0.optimizer = .sgd
      $0.schedule = .constant
      $0.learningRate = rate
      change(&$0)
    }.tensors
  }

  /// How far one step of plain SGD moves the whole of `full`, in units of the rate.
  private func stride(clip: Double) throws -> Double {
    let tiny = try TinyVerbs()
    let full = Method(options: #"{"method":"full"}"#)
    func step(_ rate: Double) throws -> [String: [Float]] {
      try oneStep(tiny, full, rate) { $0.maxGradientNorm = clip }
    }
    let (still, moved) = (try step(0), try step(0.5))
    let sum = still.reduce(0.0) { sum, entry in
      sum
        + zip(entry.value, moved[entry.key] ?? []).reduce(0.0) {
          $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
        }
    }
    return sum.squareRoot() / 0.5
  }

  @Test func clippingBoundsTheNormAndNothingElse() throws {
    let free = try stride(clip: 0)
    #expect(free > 0.1)
    #expect(abs(try stride(clip: free / 8) - free / 8) < 1e-4 * free)
    #expect(abs(try stride(clip: free * 2) - free) < 1e-4 * free)
  }

  @Test func decayShrinksMatricesAlone() throws {
    let tiny = try TinyVerbs(encoder: true)
    let full = Method(options: #"{"method":"full"}"#, encoder: true)
    func step(_ decay: Double, rate: Double = 0.1) throws -> [String: [Float]] {
      try oneStep(tiny, full, rate) { $0.weightDecay = decay }
    }
    let (still, plain, decayed) = (try step(0, rate: 0), try step(0), try step(0.5))
    for (name, start) in still {
      let (a, b) = (plain[name] ?? [], decayed[name] ?? [])
      guard name.hasSuffix("weight"), !name.contains("LayerNorm") else {
        #expect(a == b, "\(name)")
        continue
      }
      for (index, value) in start.enumerated() {
        #expect(abs((a[index] - b[index]) - 0.05 * value) <= 2e-6, "\(name)")
      }
    }
  }

  /// The decay of a step: rate · decay of M and of its gate as they were before.
  @Test func coefficientsOfTheSpectrumDecayToo() throws {
    let tiny = try TinyVerbs()
    let method = #"{"method":"svft","init":"kaiming","gate":true,"targets":["q_proj"]}"#
    func step(_ decay: Double, rate: Double = 0.1) throws -> [String: [Float]] {
      try oneStep(tiny, Method(options: method), rate) { $0.weightDecay = decay }
    }
    let (still, plain, decayed) = (try step(0, rate: 0), try step(0), try step(0.5))
    let coefficients = still.filter {
      $0.key.hasSuffix("svft_M") || $0.key.hasSuffix("svft_gate")
    }
    #expect(coefficients.count == 4)
    for (name, start) in coefficients {
      let (a, b) = (plain[name] ?? [], decayed[name] ?? [])
      for (index, value) in start.enumerated() {
        #expect(abs((a[index] - b[index]) - 0.05 * value) <= 2e-6, "\(name)")
      }
    }
  }

  @Test func headTrainingMovesTheHeadAlone() throws {
    let tiny = try TinyVerbs(encoder: true, dropout: 0.1)
    let model = try tiny.model()
    let before = try model.embed(["the cat sat", "a dog"])
    var bench = try TrainingBench(model, #"{"method":"head"}"#, data: tiny.labelled()) {
      $0.steps = 40
      $0.learningRate = 2e-2
    }
    let fresh = try bench.saved()
    try bench.run()
    #expect(try model.embed(["the cat sat", "a dog"]) == before)
    let trained = try bench.saved()
    #expect(trained.keys.allSatisfy { $0.contains("classifier") || $0.contains("pooler") })
    #expect(trained.keys == fresh.keys && trained.allSatisfy { fresh[$0.key] != $0.value })
    #expect(try model.classify(["the cat sat", "a dog ran"]).map(\.label) == ["cat", "dog"])
  }

  @Test func theHeadLearnsAtItsOwnRate() throws {
    let tiny = try TinyVerbs(encoder: true)
    func run(_ rate: Double) throws -> [String: [Float]] {
      try outcome(tiny, Method(options: #"{"method":"lora","r":2}"#, encoder: true)) {
        $0.steps = 1
        $0.headLearningRate = rate
        $0.schedule = .constant
      }.tensors
    }
    let (slow, fast) = (try run(1e-6), try run(1e-2))
    for (name, values) in slow {
      let isHead = name.contains("classifier") || name.contains("pooler")
      #expect((fast[name] == values) != isHead, "\(name)")
    }
  }
}

/// Steps that are not finite.
@Suite struct TrainingRunNonFiniteTests {
  private let tiny: TinyVerbs

  /// A model that turns every text with the letter z into no number.
  init() throws {
    var model = TinyModel.llama(.init { $0.vocabulary = 372 }, tied: false)
    let folder = try TemporaryFolder()
    try folder.write("tokenizer.json", TinyVerbs.fixture("bytes"))
    let id = try #require(Tokenizer(folder: folder.path).encode("z", addSpecial: false).first)
    let table = try #require(model.position("model.embed_tokens.weight"))
    model.tensors[table].values[Int(id) * 32] = .infinity
    tiny = try TinyVerbs(model, tokenizer: TinyVerbs.fixture("bytes"))
  }

  private func data(poisoned: Int) throws -> String {
    try tiny.lines((0..<6).map { "{\"text\":\"the cat \($0 < poisoned ? "z" : "s")\"}" })
  }

  @Test(arguments: [#"{"method":"svft"}"#, #"{"method":"lora","r":2}"#])
  func aStepThatIsNotFiniteChangesNothing(_ method: String) throws {
    var bench = try TrainingBench(tiny.model(), method, data: data(poisoned: 1)) {
      $0.steps = 12
      $0.batchSize = 1
      $0.learningRate = 1e-3
    }
    var skipped = 0
    for _ in 0..<12 {
      let before = try bench.saved()
      let loss = try bench.trainer.trainStep()
      if loss.isFinite {
        #expect(try bench.saved() != before)
      } else {
        skipped += 1
        #expect(try bench.saved() == before)
      }
    }
    #expect(skipped == 2)
    #expect(try TrainerDescriptionTests.object(bench.trainer).int("skipped") == 2)
    try bench.run()
    #expect(bench.reports.map(\.event) == [.finished])
  }

  @Test func tenInARowStopTheRunAsItStarted() throws {
    let output = tiny.folder.file("out")
    var bench = try TrainingBench(
      tiny.model(), #"{"method":"lora","r":2}"#, data: data(poisoned: 6), output: output
    ) { $0.steps = 50 }
    let before = try bench.saved()
    #expect(kind { try bench.run() } == .nonFinite)
    #expect(bench.reports.map(\.event) == Array(repeating: .skipped, count: 10))
    #expect(try bench.saved() == before)
    #expect(
      try TrainingBench.tensors(output + "/checkpoint-10/adapter_model.safetensors") == before)
  }

  @Test func aRunThatLearntNothingFails() throws {
    let output = tiny.folder.file("out")
    var bench = try TrainingBench(
      tiny.model(), #"{"method":"lora","r":2}"#, data: data(poisoned: 6), output: output
    ) { $0.steps = 3 }
    let failure = #expect(throws: SVFTError.self) { try bench.run() }
    #expect(failure?.kind == .nonFinite && failure?.message.contains("3 steps") == true)
    #expect(bench.reports.map(\.event) == Array(repeating: .skipped, count: 3))
    #expect(kind { try bench.run() } == .nonFinite)
    #expect(!FileManager.default.fileExists(atPath: output + "/adapter_config.json"))
  }

  @Test func aFiniteStepInBetweenStartsTheCountAnew() throws {
    var bench = try TrainingBench(
      tiny.model(), #"{"method":"lora","r":2}"#, data: data(poisoned: 4)
    ) {
      $0.steps = 36
      $0.batchSize = 1
      $0.learningRate = 1e-5
    }
    try bench.run()
    #expect(bench.reports(.skipped).count == 24 && bench.reports(.step).count == 12)
  }
}
