// One caller at a time: a model and everything attached to it share a gate. A second thread, or a
// callback that calls back in, gets `.busy` before any mutable state is touched (an exclusivity
// violation would trap).
package import SVFTTensor
import Synchronization

/// Guards the state of one model against concurrent and re-entrant use, and carries its
/// cancellation.
package final class Gate: Sendable {
  private let busy = Atomic<Bool>(false)
  private let cancelled = Atomic<Bool>(false)
  private let memory: MemoryLedger?

  /// `memory` is charged with what calls allocate.
  package init(memory: MemoryLedger? = nil) { self.memory = memory }

  /// Runs `body` alone. Throws `.busy` while another call is inside.
  package func exclusively<Result>(
    _ body: () throws(SVFTError) -> Result
  ) throws(SVFTError) -> Result {
    guard !busy.exchange(true, ordering: .acquiring) else {
      throw SVFTError(
        .busy,
        "expected this model to be free, found it in use by another call or this callback's caller"
      )
    }
    defer { busy.store(false, ordering: .releasing) }
    cancelled.store(false, ordering: .relaxed)
    guard let memory else { return try body() }
    return try memory.keep(body)
  }

  /// Asks the call inside to stop; the next one does not hear of it. Safe from any thread and from
  /// signal handlers: one atomic store.
  package func cancel() { cancelled.store(true, ordering: .relaxed) }

  /// Whether the call inside was asked to stop.
  package var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

  /// Throws `.cancelled` if the call inside was asked to stop.
  package func checkCancelled(_ activity: @autoclosure () -> String) throws(SVFTError) {
    if isCancelled { throw SVFTError(.cancelled, "\(activity()) was cancelled") }
  }
}
