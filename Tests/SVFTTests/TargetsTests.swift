// What batches are asked to predict, seen through the loss of a step that learns nothing.
import SVFT
import SVFTTensor
import TestKit
import Testing

@Suite struct TargetsTests {
  private func loss(_ tiny: TinyVerbs, _ data: String, records: Int) throws -> Double {
    let bench = try TrainingBench(tiny.model(), #"{"method":"full"}"#, data: data) {
      $0.batchSize = records
      $0.learningRate = 0
    }
    return try bench.trainer.trainStep()
  }

  @Test func aStepsLossIsTheMeanOverWhatCounts() throws {
    let tiny = try TinyVerbs()
    let data = try tiny.lines([
      #"{"input_ids":[5,6,7,8,9],"labels":[5,-100,7,-100,3]}"#,
      #"{"input_ids":[9,10],"labels":[9,11]}"#, #"{"input_ids":[4,3,2,1]}"#,
    ])
    let evaluation = try tiny.model().evaluate(data)
    #expect(evaluation.count == 6)
    #expect(abs(try loss(tiny, data, records: 3) - evaluation.loss) < 1e-5)
  }

  @Test func scoresAndClassesAreThoseOfTheRecords() throws {
    for labels in [1, 3] {
      let tiny = try TinyVerbs(
        .bert(.init { $0.vocabulary = 83 }, labels: labels),
        tokenizer: TinyVerbs.fixture("words"))
      let data = try tiny.lines(
        (0..<5).map {
          "{\"text\":\"cat \($0)\",\"label\":\(labels == 1 ? "\(Double($0) - 1.5)" : "\($0 % 3)")}"
        })
      let evaluation = try tiny.model().evaluate(data)
      #expect(abs(try loss(tiny, data, records: 5) - evaluation.loss) < 1e-5, "\(labels)")
    }
  }

  @Test func aNameThatOnlyTheHeldOutDataHasStopsNoRunMidway() throws {
    let tiny = try TinyVerbs(encoder: true)
    let held = try tiny.lines([#"{"text":"a","label":"cow"}"#])
    let adapter = try tiny.model().createAdapter(#"{"method":"lora","r":2}"#)
    #expect(
      kind { _ = try Trainer(adapter, data: tiny.labelled(), validation: held) } == .data)
  }
}
