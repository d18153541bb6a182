// Checkpoints: when they are written, which stay, what resuming makes of damaged ones.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import Synchronization
import TestKit
import Testing

@Suite struct TrainerCheckpointTests {
  private let tiny: TinyVerbs
  private let output: String

  init() throws {
    tiny = try TinyVerbs()
    output = tiny.folder.file("out")
  }

  private func bench(
    _ method: String = TrainingBench.small, model: Model? = nil,
    resumes: Bool = false, _ change: (inout TrainingOptions) -> Void = { _ in }
  ) throws -> TrainingBench {
    try .ofSixSteps(
      tiny, method, model: model, output: output, resumes: resumes, change)
  }

  private var steps: [Int] {
    get throws { try CheckpointFolder(output).entries().map(\.step) }
  }

  @Test func theNewestAreKept() throws {
    var bench = try bench { $0.saveEvery = 1 }
    var saved: [Int] = []
    try bench.run {
      if $0.event == .checkpoint { saved.append($0.step) }
      return true
    }
    #expect(saved == [1, 2, 3, 4, 5])
    #expect(try steps == [5, 6])
  }

  @Test func theBestIsKeptWithThem() throws {
    var bench = try bench {
      $0.saveEvery = 1
      $0.evaluateEvery = 1
      $0.validationShare = 0.25
      $0.optimizer = .sgd
      $0.learningRate = 1e3
      $0.maxGradientNorm = 0
      $0.warmupSteps = 6
    }
    try bench.run()
    let losses = bench.reports(.evaluation).compactMap(\.validationLoss)
    let best = try #require(losses.firstIndex(of: losses.min() ?? 0)) + 1
    #expect(losses.count == 6 && best < 5, "\(losses)")
    #expect(try steps == [best, 5, 6])
    #expect(try TrainerDescriptionTests.object(bench.trainer).int("best_step") == best)
  }

  @Test func cancellingSavesAndCallingAgainGoesOn() throws {
    var whole = try TrainingBench(
      tiny.model(), #"{"method":"lora","r":2,"targets":["q_proj"]}"#, data: tiny.data()
    ) { $0.steps = 6 }
    try whole.run()
    var bench = try bench()
    let model = bench.adapter.model
    #expect(
      kind {
        try bench.run {
          if $0.step == 2 { model.cancel() }
          return true
        }
      } == .cancelled)
    #expect(try steps == [2])
    #expect(try bench.trainer.step == 2)
    #expect(kind { try bench.run { $0.step < 4 } } == .cancelled)
    #expect(try steps == [2, 4])
    try bench.run()
    #expect(try bench.saved() == whole.saved())
    #expect(try TrainingBench.tensors(output + "/adapter_model.safetensors") == whole.saved())
  }

  /// A step of many micro-batches ends between two of them, and is done again as a whole.
  @Test func aStepIsCancelledBetweenItsMicroBatches() throws {
    let texts = (0..<4000).map { "{\"text\":\"number \($0) sat on a mat\"}" }
    let data = try tiny.lines(texts, name: "many.jsonl")
    func bench() throws -> TrainingBench {
      try TrainingBench(tiny.model(), TrainingBench.small, data: data) {
        ($0.steps, $0.batchSize, $0.accumulation) = (1, 1, texts.count)
      }
    }
    var (whole, bench) = (try bench(), try bench())
    try whole.run()
    let model = bench.adapter.model
    let isOver = Mutex(false)
    let hasEnded = DispatchSemaphore(value: 0)
    let canceller = Thread {
      usleep(10_000)
      while !isOver.withLock({ $0 }) { model.cancel() }
      hasEnded.signal()
    }
    canceller.start()
    let found = kind { try bench.run() }
    isOver.withLock { $0 = true }
    hasEnded.wait()
    #expect(try found == .cancelled && bench.trainer.step == 0)
    try bench.run()
    #expect(try bench.saved() == whole.saved())
  }

  /// Where a cancelled run cannot be kept, the error says why and that it was cancelled.
  @Test func aRunThatCannotBeKeptSaysBoth() throws {
    var bench = try bench()
    let output = output
    let failure = #expect(throws: SVFTError.self) {
      try bench.run { _ in
        try? FileManager.default.removeItem(atPath: output)
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        return false
      }
    }
    #expect(failure?.kind == .io)
    #expect(failure?.message.contains("cancelled at step 1 of 6") == true, "\(failure as Any)")
  }

  /// Whatever the steps between checkpoints, and each once.
  @Test(arguments: [0, 2, 4]) func theBestIsKeptWherePatienceMayEndTheRun(_ every: Int) throws {
    let held = try tiny.lines([#"{"text":"1 2 3 4 zzz qqq"}"#], name: "held.jsonl")
    var bench = try TrainingBench(
      tiny.model(), TrainingBench.small, data: tiny.data(), validation: held, output: output
    ) {
      ($0.steps, $0.evaluateEvery, $0.patience, $0.saveEvery) = (40, 1, 2, every)
      $0.learningRate = 0.05
    }
    try bench.run()
    let best = try TrainerDescriptionTests.object(bench.trainer).int("best_step")
    #expect(try steps.contains(best))
    let saved = bench.reports(.checkpoint).map(\.step)
    #expect(Set(saved).count == saved.count && saved.contains(best))
  }

  @Test func aFreshRunDoesNotTakeAnothersFolder() throws {
    var bench = try bench()
    #expect(kind { try bench.run { $0.step < 2 } } == .cancelled)
    #expect(kind { _ = try self.bench() } == .busy)
    #expect(kind { _ = try self.bench(resumes: true) } == .busy)
    withExtendedLifetime(bench) {}
  }

  @Test func aFinishedFolderIsNotWrittenOver() throws {
    do {
      var bench = try bench()
      try bench.run()
    }
    #expect(kind { _ = try bench() } == .state)
    var again = try bench(resumes: true)
    try again.run()
    #expect(try again.reports.isEmpty && again.trainer.isFinished)
  }

  /// The best of other held-out data is no mark for these.
  @Test func theBestOfOtherDataIsForgotten() throws {
    // The easier text first: its best would stay, were it not forgotten.
    let texts = try ["the cat sat", "a dog ran on and on"].map { text in
      let path = try tiny.lines(["{\"text\":\"\(text)\"}"], name: "\(text.count).jsonl")
      return (path, loss: try tiny.model().evaluate(path).loss)
    }.sorted { $0.loss < $1.loss }.map(\.0)
    func run(_ validation: String, resumes: Bool, stopsAt last: Int) throws -> Trainer {
      var bench = try TrainingBench(
        tiny.model(), TrainingBench.small, data: tiny.data(), validation: validation,
        output: output
      ) { ($0.steps, $0.evaluateEvery, $0.resumes) = (6, 1, resumes) }
      try? bench.run { $0.step < last }
      return bench.trainer
    }
    _ = try run(texts[0], resumes: false, stopsAt: 3)
    let same = try TrainerDescriptionTests.object(run(texts[0], resumes: true, stopsAt: 4))
    #expect(try same.int("best_step") > 0)
    let other = try run(texts[1], resumes: true, stopsAt: 6)
    let own = try other.adapter.model.evaluate(texts[1]).loss
    let best = try TrainerDescriptionTests.object(other)
    // Evaluated at steps 4 and 5 and perhaps at the last: none of the first three.
    #expect(try best.int("best_step") >= 4)
    #expect(try abs(best.double("best_validation_loss") - own) < 0.5)
  }

  @Test func resumingNeedsAFolder() throws {
    #expect(
      kind {
        _ = try TrainingBench(
          tiny.model(), #"{"method":"lora","r":2}"#, data: tiny.data()
        ) { $0.resumes = true }
      } == .invalidArgument)
    _ = try bench(resumes: true)
  }

  /// Also where gradients have still to choose the cells when the memory is foreseen.
  @Test func cellsAreChosenUnderALimitToo() throws {
    var options = ModelOptions()
    options.memoryLimit = 1 << 33
    let topk = #"{"method":"svft","pattern":"topk","count":16,"targets":["q_proj"]}"#
    let model = try Model(path: tiny.folder.file("model"), options: options)
    var bench = try bench(topk, model: model) { $0.saveEvery = 2 }
    try bench.run()
    #expect(try steps == [4, 6])
  }

  /// Before anything is learnt there is nothing to keep, and the word is that it was cancelled.
  @Test func aCancelledPreparationLeavesNoCheckpoint() throws {
    let topk = #"{"method":"svft","pattern":"topk","count":16,"score_steps":1000}"#
    var bench = try bench(topk)
    let model = bench.adapter.model
    let isOver = Mutex(false)
    let canceller = Thread {
      while !isOver.withLock({ $0 }) { model.cancel() }
    }
    canceller.start()
    let found = kind { try bench.run() }
    isOver.withLock { $0 = true }
    #expect(found == .cancelled)
    #expect(try steps.isEmpty)
  }

  /// A run stopped after two checkpoints.
  private func stopped(_ method: String) throws {
    var bench = try bench(method) { $0.saveEvery = 1 }
    #expect(kind { try bench.run { $0.event != .checkpoint || $0.step < 2 } } == .cancelled)
    #expect(try steps == [1, 2])
  }

  @Test func anUnfinishedCheckpointIsPassedOver() throws {
    try stopped(#"{"method":"lora","r":2,"targets":["q_proj"]}"#)
    try FileManager.default.removeItem(atPath: output + "/checkpoint-2/COMPLETE")
    var bench = try bench(resumes: true)
    #expect(try bench.trainer.step == 1)
    try bench.run()
    #expect(bench.reports.first?.step == 2)
  }

  @Test func damageIsNeverTakenForAFreshStart() throws {
    try stopped(#"{"method":"lora","r":2,"targets":["q_proj"]}"#)
    let folder = output + "/checkpoint-2"
    let model = try tiny.model()
    for name in try FolderManifest.names(in: folder) {
      let path = folder + "/" + name
      let whole = try TrainingBench.bytes(path)
      for count in stride(from: 0, to: whole.count, by: max(1, whole.count / 25)) {
        try Data(whole.prefix(count)).write(to: URL(fileURLWithPath: path))
        let found = kind { _ = try bench(model: model, resumes: true) }
        #expect(found == .format || found == .truncated, "\(name) to \(count)")
      }
      for place in stride(from: 0, to: whole.count, by: max(1, whole.count / 60)) {
        var bytes = whole
        bytes[place] ^= 0x10
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let found = kind { _ = try bench(model: model, resumes: true) }
        // A digit or a blank of the manifest may change without changing what it says.
        #expect(found != nil || name == "COMPLETE", "\(name) at \(place)")
      }
      try Data(whole).write(to: URL(fileURLWithPath: path))
    }
    #expect(try bench(model: model, resumes: true).trainer.step == 2)
  }

  /// alpha_pattern leaves no trace in the shapes of parameters.
  @Test func aRunOfAnotherAdapterIsNotGoneOnWith() throws {
    func method(_ rank: Int, _ alpha: Int) -> String {
      #"{"method":"lora","r":\#(rank),"targets":["q_proj"],"alpha_pattern":{"q_proj":\#(alpha)}}"#
    }
    try stopped(method(2, 3))
    for other in [method(2, 4), method(1, 3), TrainingBench.small] {
      #expect(kind { _ = try bench(other, resumes: true) } == .mismatch, "\(other)")
    }
    #expect(try bench(method(2, 3), resumes: true).trainer.step == 2)
  }

  /// Matrices of one shape are not one another, and neither are roundings.
  @Test func aRunOfOtherTensorsIsNotGoneOnWith() throws {
    try stopped(#"{"method":"full","targets":["k_proj"]}"#)
    let other = #"{"method":"full","targets":["v_proj"]}"#
    #expect(kind { _ = try bench(other, resumes: true) } == .mismatch)
    #expect(kind { _ = try bench(TrainingBench.small, resumes: true) } == .mismatch)
    let same = try bench(#"{"method":"full","targets":["k_proj"]}"#, resumes: true)
    #expect(try same.trainer.step == 2)
  }

  /// The same with a manifest that says the damage is right: the readers themselves must hold.
  @Test(arguments: [
    #"{"method":"lora","r":2,"targets":["q_proj"]}"#,
    #"{"method":"svft","pattern":"topk","count":8,"score_steps":1,"targets":["q_proj"]}"#,
  ])
  func damageUnderARightManifestIsRefusedOrHarmless(_ method: String) throws {
    try stopped(method)
    let folder = output + "/checkpoint-2"
    let model = try tiny.model()
    func attempt(_ bytes: [UInt8], _ path: String) throws -> SVFTError.Kind? {
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      try FolderManifest(describing: folder).write(to: folder)
      return kind {
        let bench = try bench(method, model: model, resumes: true)
        try bench.adapter.detach()
      }
    }
    for name in try FolderManifest.names(in: folder) where name != FolderManifest.name {
      let path = folder + "/" + name
      let whole = try TrainingBench.bytes(path)
      // The adapter's own files are read where a method chose its cells from data.
      let isRead = name.hasPrefix("adapter") == false || method.contains("topk")
      for count in stride(from: 0, to: whole.count, by: max(1, whole.count / 40)) {
        let found = try attempt(Array(whole.prefix(count)), path)
        #expect(found != nil || !isRead, "\(name) to \(count)")
        #expect(found != .internal)
      }
      for place in stride(from: 0, to: whole.count, by: max(1, whole.count / 150)) {
        var bytes = whole
        bytes[place] ^= place % 2 == 0 ? 0x80 : 0x01
        #expect(try attempt(bytes, path) != .internal, "\(name) at \(place)")
      }
      _ = try attempt(whole, path)
    }
    #expect(try bench(method, model: model, resumes: true).trainer.step == 2)
  }
}
