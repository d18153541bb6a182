// How fast a run is and how long it will take. Times appear in reports only; nothing depends on
// them.
import SVFTTensor

/// The clock of one run in this process.
struct TrainingClock {
  private var begin: Double?
  private var tokensBefore = 0
  private var stepsBefore = 0

  /// Starts the clock, once, for a run that stands at `step`.
  mutating func start(step: Int, tokens: Int) {
    guard begin == nil else { return }
    begin = Clock.seconds()
    tokensBefore = tokens
    stepsBefore = step
  }

  /// Seconds since the start.
  var elapsed: Double { begin.map { Clock.seconds() - $0 } ?? 0 }

  /// Tokens per second since the start.
  func rate(tokens: Int) -> Double {
    elapsed > 0 ? Double(tokens - tokensBefore) / elapsed : 0
  }

  /// Seconds that the remaining steps will take at the pace so far.
  func remaining(_ step: Int, of total: Int) -> Double {
    let done = step - stepsBefore
    return done > 0 ? elapsed / Double(done) * Double(total - step) : 0
  }
}
