// Learning rates against their formulas, alone and as a run reports them.
import Foundation
import SVFT
import Testing

@Suite struct ScheduleTests {
  @Test(arguments: TrainingOptions.ScheduleShape.allCases)
  func warmsUpInEqualStepsToThePeak(_ shape: TrainingOptions.ScheduleShape) {
    let schedule = Schedule(shape, warmup: 4, horizon: 20)
    #expect((0..<4).map { schedule.factor(at: $0) } == [0.25, 0.5, 0.75, 1])
    #expect(schedule.factor(at: 4) == 1)
  }

  @Test func fallsByItsFormula() {
    for step in 0...12 {
      let progress = Double(max(0, step - 2)) / 10
      guard step >= 2 else { continue }
      #expect(Schedule(.constant, warmup: 2, horizon: 12).factor(at: step) == 1)
      let linear = Schedule(.linear, warmup: 2, horizon: 12, finalShare: 0.1)
      #expect(abs(linear.factor(at: step) - (1 - 0.9 * progress)) < 1e-12)
      let cosine = Schedule(.cosine, warmup: 2, horizon: 12, finalShare: 0.1)
      let expected = 0.1 + 0.9 * (1 + cos(.pi * progress)) / 2
      #expect(abs(cosine.factor(at: step) - expected) < 1e-12)
    }
  }

  @Test(arguments: TrainingOptions.ScheduleShape.allCases)
  func staysWithinBoundsOutsideItsHorizon(_ shape: TrainingOptions.ScheduleShape) {
    for (warmup, horizon) in [(0, 0), (0, 1), (1, 1), (5, 5), (3, 7)] {
      let schedule = Schedule(shape, warmup: warmup, horizon: horizon)
      for step in 0..<12 {
        let factor = schedule.factor(at: step)
        #expect(factor.isFinite && factor >= 0 && factor <= 1)
      }
    }
  }

  @Test(arguments: [(3, 0.0), (0, 0.25)])
  func aRunFollowsIt(_ steps: Int, _ ratio: Double) throws {
    let tiny = try TinyVerbs()
    var bench = try TrainingBench(
      tiny.model(), #"{"method":"lora","r":2,"targets":["q_proj"]}"#, data: tiny.data()
    ) {
      $0.steps = 12
      $0.schedule = .linear
      $0.learningRate = 0.01
      $0.warmupSteps = steps
      $0.warmupRatio = ratio
    }
    try bench.run()
    let schedule = Schedule(.linear, warmup: 3, horizon: 12)
    #expect(
      bench.reports(.step).map(\.learningRate)
        == (0..<12).map { 0.01 * schedule.factor(at: $0) })
  }
}
