// A report as JSON: every number under its name, none that JSON cannot say.
import SVFT
import SVFTFormats
import TestKit
import Testing

@Suite struct TrainingMetricsTests {
  private func progress(_ event: TrainingProgress.Event, loss: Double) throws -> TrainingProgress {
    let tiny = try TinyVerbs()
    var bench = try TrainingBench(
      tiny.model(), #"{"method":"lora","r":1,"targets":["q_proj"]}"#, data: tiny.data()
    ) { $0.steps = 1 }
    try bench.run()
    var progress = bench.reports[0]
    (progress.event, progress.step, progress.totalSteps) = (event, 3, 9)
    (progress.loss, progress.validationLoss, progress.gradientNorm) = (loss, 2, .nan)
    (progress.learningRate, progress.tokens) = (0.25, 40)
    return progress
  }

  @Test func everyNumberHasItsName() throws {
    let object = try progress(.evaluation, loss: 1.5).json.root("report")
    #expect(try object.string("event") == "evaluation" && object.int("step") == 3)
    #expect(try object.int("total_steps") == 9 && object.double("loss") == 1.5)
    #expect(try object.double("validation_loss") == 2 && !object.has("validation_score"))
    #expect(try object.double("learning_rate") == 0.25 && object.int("tokens") == 40)
    #expect(TrainingProgress.timedKeys.allSatisfy(object.has))
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func whatIsNotFiniteIsNull(_ loss: Double) throws {
    let text = try progress(.skipped, loss: loss).json.text(.compact)
    #expect(text.contains("\"loss\":null") && text.contains("\"gradient_norm\":null"))
    _ = try JSON.parse(text)
  }
}
