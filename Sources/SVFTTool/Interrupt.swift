// Ctrl-C, and SIGTERM, which is how a system asks: the first one has the work stop cleanly
// (training saves a checkpoint first), the second one ends the process as usual.
import Foundation
import SVFT
import Synchronization

/// The user's wish to stop.
enum Interrupt {
  private static let requested = Atomic<Bool>(false)
  private static let model = Mutex<Model?>(nil)

  static var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Watches for signals from now on; work that has no model yet asks `isRequested`.
  static func watch() { for source in sources { source.resume() } }

  /// Ctrl-C cancels the work of this model too. Throws `.cancelled` where it came before.
  ///
  /// Between two calls there is nothing to cancel: callbacks ask `isRequested` besides.
  static func watch(_ watched: Model) throws(SVFTError) {
    model.withLock { $0 = watched }
    if isRequested { throw SVFTError(.cancelled, "loading \(watched.path) was cancelled") }
  }

  /// Lives as long as the process.
  nonisolated(unsafe) private static let sources: [any DispatchSourceSignal] =
    [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if requested.exchange(true, ordering: .relaxed) { exit(128 + number) }
        Console.note(
          "stopping at the next safe place; Ctrl-C again, or a second signal, stops at once")
        model.withLock { $0?.cancel() }
      }
      return source
    }
}
