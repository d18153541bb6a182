// What a run says of itself, and when it does not.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import Synchronization
import TestKit
import Testing

@Suite struct TrainerDescriptionTests {
  static func object(_ trainer: Trainer) throws -> JSON.Object {
    try JSON.parse(trainer.describe()).root("description")
  }

  @Test func countsFollowTheRun() throws {
    let tiny = try TinyVerbs()
    var bench = try TrainingBench(
      tiny.model(), #"{"method":"lora","r":2,"targets":["q_proj"]}"#, data: tiny.data()
    ) { $0.validationShare = 0.25 }
    var object = try Self.object(bench.trainer)
    #expect(try object.int("step") == 0 && object.int("total_steps") == 4)
    #expect(try object.int("records") == 9 && object.int("held_out") == 3)
    // Two layers, A [2, 32] and B [32, 2].
    #expect(try object.int("trainable") == 256 && bench.trainer.trainableCount == 256)
    #expect(!object.has("last_loss") && !object.has("best_validation_loss"))
    #expect(try bench.trainer.summary.contains("256 numbers on 9 records"))
    try bench.run()
    object = try Self.object(bench.trainer)
    #expect(try object.bool("finished") && object.int("step") == 4)
    #expect(try object.double("last_loss") == bench.reports(.step).last?.loss)
    let evaluation = try #require(bench.reports(.evaluation).last)
    #expect(try object.double("best_validation_loss") == evaluation.validationLoss)
    #expect(try object.int("best_step") == 4 && object.int("skipped") == 0)
  }

  /// A thread that asks a trainer everything, over and over.
  private final class Asker: Sendable {
    private let stop = Atomic<Bool>(false)
    private let ended = DispatchSemaphore(value: 0)
    /// Answers and refusals, and anything else.
    let asked = Atomic<Int>(0)
    let failed = Atomic<Int>(0)

    func start(_ trainer: Trainer) {
      Thread.detachNewThread { [self] in
        while !stop.load(ordering: .relaxed) {
          for question: () throws -> Void in [
            { _ = try trainer.step }, { _ = try trainer.isFinished },
            { _ = try trainer.summary }, { _ = try trainer.trainableCount },
            { _ = try trainer.describe() }, { _ = try trainer.adapter.model.attachedAdapters },
          ] {
            let found = kind(question)
            asked.add(1, ordering: .relaxed)
            if found != nil && found != .busy { failed.add(1, ordering: .relaxed) }
          }
        }
        ended.signal()
      }
    }

    func end() {
      stop.store(true, ordering: .relaxed)
      ended.wait()
    }
  }

  /// Whatever a second thread asks while a run goes on is answered between two calls or refused,
  /// and changes nothing.
  @Test func aSecondThreadMayAskAtAnyTime() throws {
    let tiny = try TinyVerbs()
    let data = try tiny.data()
    func bench() throws -> TrainingBench {
      try TrainingBench(
        tiny.model(), #"{"method":"svft","pattern":"topk","count":16}"#, data: data
      ) { $0.steps = 40 }
    }
    func run(_ trainer: Trainer) throws -> [Double] {
      try (0..<40).map { _ in try insisting { try trainer.trainStep() } }
    }
    let (alone, beside) = (try bench(), try bench())
    let expected = try run(alone.trainer)
    let asker = Asker()
    asker.start(beside.trainer)
    defer { asker.end() }
    while asker.asked.load(ordering: .relaxed) == 0 { usleep(100) }
    #expect(try run(beside.trainer) == expected)
    #expect(try insisting { try beside.trainer.isFinished })
    #expect(try insisting { try beside.saved() } == alone.saved())
    #expect(asker.failed.load(ordering: .relaxed) == 0)
  }

  /// A call's result, tried again while the other thread is inside.
  private func insisting<Result>(_ call: () throws -> Result) throws -> Result {
    while true {
      do { return try call() } catch let error as SVFTError where error.kind == .busy {}
    }
  }

  @Test func theCallbackFindsItBusy() throws {
    let tiny = try TinyVerbs()
    var bench = try TrainingBench(
      tiny.model(), #"{"method":"lora","r":2}"#, data: tiny.data()
    ) { $0.steps = 1 }
    let trainer = bench.trainer
    var found: SVFTError.Kind?
    try bench.run { _ in
      found = kind { _ = try trainer.describe() }
      return true
    }
    #expect(found == .busy)
    _ = try trainer.describe()
  }
}
