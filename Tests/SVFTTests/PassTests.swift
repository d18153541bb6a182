// One step of body and head: what its chunks and its packing must not change.
import Foundation
import SVFT
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct PassTests {
  @Test(
    "Logits of a long sequence begin with those of a shorter one, chunk borders and all",
    .enabled(if: SharedData.isPresent, "needs shared data"))
  func chunks() throws {
    let model = try TrainedStories.model()
    let ids = try TrainedStories.golden().ints("bos_greedy_200_ids").map { Int32($0) }
    // More than the 256 rows of one replay of the head.
    let long = Array((ids + ids).prefix(300))
    let all = try model.logits(long)
    #expect(all.count == 300 * model.vocabularySize)
    for count in [1, 200, 256, 257] {
      let part = try model.logits(Array(long[..<count]))
      let same = Array(all[..<(count * model.vocabularySize)])
      #expect(relativeDistance(part, same) < 1e-5)
    }
  }

  /// The loss of the first training step, and the gradient's norm.
  private func first(
    _ tiny: TinyVerbs, _ data: String, _ change: (inout TrainingOptions) -> Void
  ) throws -> (loss: Double, norm: Double) {
    let adapter = try tiny.model().createAdapter(#"{"method":"svft","pattern":"banded","d":2}"#)
    var options = TrainingOptions()
    (options.steps, options.reportEvery) = (1, 1)
    change(&options)
    var result = (loss: Double.nan, norm: Double.nan)
    try Trainer(adapter, data: data, options: options).train {
      if $0.event == .step { result = ($0.loss, $0.gradientNorm) }
      return true
    }
    return result
  }

  @Test func aStepIsTheSameInOnePieceOrInMicroBatches() throws {
    let tiny = try TinyVerbs()
    let data = try tiny.data()
    let whole = try first(tiny, data) { ($0.batchSize, $0.accumulation) = (12, 1) }
    for (batch, accumulation) in [(4, 3), (1, 12), (5, 3)] {
      let parts = try first(tiny, data) {
        ($0.batchSize, $0.accumulation) = (batch, accumulation)
      }
      #expect(abs(parts.loss - whole.loss) < 1e-5)
      #expect(abs(parts.norm / whole.norm - 1) < 1e-4)
    }
    // A fresh adapter is the base: its first loss is what evaluation says.
    let evaluation = try tiny.model().evaluate(data)
    #expect(abs(evaluation.loss - whole.loss) < 1e-5)
  }

  @Test func aClassStepIsTheSameInMicroBatchesToo() throws {
    let tiny = try TinyVerbs(encoder: true)
    let data = try tiny.labelled()
    let whole = try first(tiny, data) { ($0.batchSize, $0.accumulation) = (12, 1) }
    let parts = try first(tiny, data) { ($0.batchSize, $0.accumulation) = (2, 6) }
    #expect(abs(parts.loss - whole.loss) < 1e-5)
    #expect(abs(parts.norm / whole.norm - 1) < 1e-4)
  }

  @Test func rowsThatDoNotCountHaveNoGradient() throws {
    let tiny = try TinyVerbs()
    let ids = [5, 6, 7, 8]
    func record(_ labels: [Int]) throws -> String {
      try tiny.folder.write(
        "ids.jsonl", "{\"input_ids\":\(ids),\"labels\":\(labels)}")
    }
    let all = try first(tiny, try record(ids)) { _ in }
    let last = try first(tiny, try record([-100, -100, -100, 8])) { _ in }
    let logits = try tiny.model().logits([5, 6, 7])
    let shares = Statistics.softmax(Array(logits[(2 * 372)...]))
    #expect(abs(last.loss + log(shares[8])) < 1e-5)
    #expect(last.loss != all.loss && last.norm > 0)
  }
}
