// Progress of long work other than training: what is done, how much, how long it may take.
package import SVFTTensor

/// Receives progress: activity, share done (0 to 1), seconds left. Returns false to cancel.
public typealias WorkProgress = (_ activity: String, _ done: Double, _ secondsLeft: Double) -> Bool

/// Turns counts into progress reports, at most some tens a second.
package struct ProgressReporter {
  private let activity: String
  private let total: Int
  private let report: WorkProgress?
  private let start = Clock.seconds()
  private var last = -Double.infinity

  package init(_ activity: String, total: Int, _ report: WorkProgress?) {
    self.activity = activity
    self.total = max(1, total)
    self.report = report
  }

  /// Reports `count` of the total. Throws `.cancelled` when the receiver says so.
  package mutating func reached(_ count: Int) throws(SVFTError) {
    guard let report else { return }
    let now = Clock.seconds()
    guard now - last > 0.05 || count >= total else { return }
    last = now
    let done = Double(count) / Double(total)
    let left = done > 0 ? (now - start) * (1 - done) / done : 0
    guard report(activity, done, left) else {
      throw SVFTError(.cancelled, "\(activity) was cancelled after \(count) of \(total)")
    }
  }
}
