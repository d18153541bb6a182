// How far an ablation is: which group, what share of all runs, tokens per second, seconds left.
// Times appear in reports only.
import SVFTTensor

extension Ablation {
  /// The progress of an ablation.
  struct Pace {
    /// The run at hand, in words.
    var activity = ""
    private let report: WorkProgress?
    private let start = Clock.seconds()
    private let before: Int
    private let total: Int
    private var done: Int

    /// The pace of `total` runs, `done` of which an earlier call has done.
    init(done: Int, of total: Int, report: WorkProgress?) {
      before = done
      self.done = done
      self.total = max(1, total)
      self.report = report
    }

    /// Counts a run that is done. Throws `.cancelled` where the receiver wants no more.
    mutating func finishRun() throws(SVFTError) {
      done += 1
      guard let report, !report(activity, share(0), left(0)), done < total else { return }
      throw SVFTError(.cancelled, "the ablation was cancelled after \(done) of \(total) runs")
    }

    /// What a trainer of the run reports to.
    func watching(_ progress: TrainingProgress) -> Bool {
      guard let report else { return true }
      let part = Double(progress.step) / Double(max(1, progress.totalSteps))
      let rate =
        progress.tokensPerSecond.isFinite ? ", \(Int(progress.tokensPerSecond)) tok/s" : ""
      return report(activity + rate, share(part), left(part))
    }

    /// What the making of the run's adapter reports to.
    func within() -> WorkProgress? {
      guard let report else { return nil }
      return { [activity] inner, _, _ in report("\(activity), \(inner)", share(0), left(0)) }
    }

    /// Runs done with `part` of one more, as a share of all.
    private func share(_ part: Double) -> Double {
      min(1, (Double(done) + part) / Double(total))
    }

    /// Seconds left at the pace of this call.
    private func left(_ part: Double) -> Double {
      let finished = Double(done - before) + part
      guard finished > 0 else { return 0 }
      return (Clock.seconds() - start) / finished * (Double(total - done) - part)
    }
  }
}
