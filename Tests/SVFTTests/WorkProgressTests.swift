// Progress rises to one, is not told too often, and can be answered with no.
import SVFT
import SVFTTensor
import Testing

@Suite struct WorkProgressTests {
  @Test func theEndIsAlwaysToldAndTheRestNotTooOften() throws {
    var seen: [(activity: String, done: Double, left: Double)] = []
    var reporter = ProgressReporter("counting", total: 10_000) { activity, done, left in
      seen.append((activity, done, left))
      return true
    }
    for count in 0...10_000 { try reporter.reached(count) }
    #expect(seen.first?.done == 0 && seen.last?.done == 1)
    #expect(seen.last?.left == 0)
    #expect(seen.count < 200)
    #expect(seen.map(\.done) == seen.map(\.done).sorted())
    #expect(seen.allSatisfy { $0.activity == "counting" && $0.left >= 0 && $0.left.isFinite })
  }

  @Test func noMeansCancelled() {
    var reporter = ProgressReporter("counting", total: 4) { _, done, _ in done < 1 }
    let failure = #expect(throws: SVFTError.self) {
      for count in 1...4 { try reporter.reached(count) }
    }
    #expect(failure?.kind == .cancelled)
    #expect(failure?.message == "counting was cancelled after 4 of 4")
  }

  @Test func nobodyNeedsToListenAndNothingNeedsToBeDone() throws {
    var silent = ProgressReporter("counting", total: 3, nil)
    try silent.reached(3)
    var shares: [Double] = []
    var empty = ProgressReporter("counting", total: 0) { _, done, _ in
      shares.append(done)
      return true
    }
    try empty.reached(0)
    #expect(shares == [0])
  }
}
