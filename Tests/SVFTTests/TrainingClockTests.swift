// Rate and remaining time, as the callback of a run sees them.
import SVFT
import SVFTTensor
import TestKit
import Testing

@Suite struct TrainingClockTests {
  @Test func ratesAndRemainingTimeFollowFromWhatIsDone() throws {
    let tiny = try TinyVerbs()
    var bench = try TrainingBench(
      tiny.model(), #"{"method":"lora","r":2}"#, data: tiny.data()
    ) { $0.steps = 10 }
    try bench.run()
    let steps = bench.reports(.step)
    #expect(zip(steps, steps.dropFirst()).allSatisfy { $0.elapsed < $1.elapsed })
    for report in steps {
      let rate = Double(report.tokens) / report.elapsed
      #expect(abs(report.tokensPerSecond / rate - 1) < 0.2)
      let left = report.elapsed / Double(report.step) * Double(10 - report.step)
      #expect(abs(report.remaining - left) <= 0.2 * left)
      #expect(report.loss.isFinite && report.gradientNorm > 0)
    }
    #expect(bench.reports.last?.event == .finished && bench.reports.last?.remaining == 0)
  }

  @Test func aResumedRunCountsItsOwnStepsOnly() throws {
    let tiny = try TinyVerbs()
    let output = tiny.folder.file("out")
    func bench(resumes: Bool) throws -> TrainingBench {
      try TrainingBench(
        tiny.model(), #"{"method":"lora","r":2}"#, data: tiny.data(), output: output
      ) {
        $0.steps = 400
        $0.resumes = resumes
      }
    }
    var done = 0
    do {
      var first = try bench(resumes: false)
      #expect(kind { try first.run { $0.step < 60 } } == .cancelled)
      done = try #require(first.reports.last).tokens
    }
    var second = try bench(resumes: true)
    #expect(kind { try second.run { _ in false } } == .cancelled)
    let report = try #require(second.reports.first)
    let rate = Double(report.tokens - done) / report.elapsed
    #expect(report.step == 61 && abs(report.tokensPerSecond / rate - 1) < 0.5)
    #expect(report.remaining > 100 * report.elapsed)
  }
}
