// Recorded passes are used again, grown when a step needs more, and dropped when adapters change:
// whatever came before, the numbers are the same.
import SVFT
import SVFTTensor
import TestKit
import Testing

@Suite struct NetworkTests {
  @Test func earlierStepsOfAnySizeChangeNothing() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let ids = (0..<40).map { Int32($0 * 7 % 372) }
    let fresh = try tiny.model().logits(ids)
    for count in [1, 40, 3, 64, 2] {
      _ = try model.logits([Int32](repeating: 9, count: count))
      #expect(try model.logits(ids) == fresh)
    }
    // A step of a longer sequence's length, and a batch of a cache between.
    _ = try model.generate(["the cat", "a dog ran"])
    #expect(try model.logits(ids) == fresh)
  }

  @Test func attachingDropsWhatWasRecorded() throws {
    let tiny = try TinyVerbs()
    let model = try tiny.model()
    let ids: [Int32] = [1, 2, 3]
    let base = try model.logits(ids)
    let adapter = try model.createAdapter(#"{"method":"lora","r":2}"#)
    try trainBriefly(adapter, try tiny.data(), steps: 1)
    let adapted = try model.logits(ids)
    #expect(adapted != base)
    try adapter.setScale(0)
    #expect(try model.logits(ids) == base)
    try adapter.setScale(1)
    #expect(try model.logits(ids) == adapted)
  }

  @Test func trainingAndRunningDoNotDisturbEachOther() throws {
    let tiny = try TinyVerbs()
    func losses(peeking: Bool) throws -> [Double] {
      let model = try tiny.model()
      let adapter = try model.createAdapter(#"{"method":"lora","r":2,"dropout":0.1}"#)
      var options = TrainingOptions()
      (options.steps, options.batchSize) = (4, 2)
      let trainer = try Trainer(adapter, data: try tiny.data(), options: options)
      return try (0..<4).map { _ in
        if peeking {
          _ = try model.logits([1, 2, 3])
          _ = try model.generate(["the cat"])
          _ = try model.evaluate(try tiny.data())
        }
        return try trainer.trainStep()
      }
    }
    #expect(try losses(peeking: true) == losses(peeking: false))
  }

  @Test(arguments: [1, 2, 3, 5]) func anyNumberOfThreadsGivesTheSameBits(_ threads: Int) throws {
    let tiny = try TinyVerbs()
    let ids = (0..<64).map { Int32($0 * 11 % 372) }
    #expect(try tiny.model(threads: threads).logits(ids) == tiny.model().logits(ids))
  }
}
