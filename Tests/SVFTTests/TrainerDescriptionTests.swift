// What a run says of itself, and when it does not.
import SVFT
import SVFTFormats
import SVFTTensor
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
    #expect(bench.trainer.summary.contains("256 numbers on 9 records"))
    try bench.run()
    object = try Self.object(bench.trainer)
    #expect(try object.bool("finished") && object.int("step") == 4)
    #expect(try object.double("last_loss") == bench.reports(.step).last?.loss)
    let evaluation = try #require(bench.reports(.evaluation).last)
    #expect(try object.double("best_validation_loss") == evaluation.validationLoss)
    #expect(try object.int("best_step") == 4 && object.int("skipped") == 0)
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
