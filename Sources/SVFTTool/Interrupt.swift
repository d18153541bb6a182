// Ctrl-C: the first one asks the work to stop cleanly (training saves a checkpoint first), the
// second one ends the process as usual.
import Foundation
import SVFT
import Synchronization

/// The user's wish to stop.
enum Interrupt {
  private static let requested = Atomic<Bool>(false)
  private static let model = Mutex<Model?>(nil)

  static var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Watches for Ctrl-C from now on; work that has no model yet asks `isRequested`.
  static func watch() { source.resume() }

  /// Ctrl-C cancels the work of this model too. Throws `.cancelled` where it came before.
  ///
  /// Between two calls there is nothing to cancel: callbacks ask `isRequested` besides.
  static func watch(_ watched: Model) throws(SVFTError) {
    model.withLock { $0 = watched }
    if isRequested { throw SVFTError(.cancelled, "loading \(watched.path) was cancelled") }
  }

  /// Lives as long as the process.
  nonisolated(unsafe) private static let source: any DispatchSourceSignal = {
    signal(SIGINT, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    source.setEventHandler {
      if requested.exchange(true, ordering: .relaxed) { exit(130) }
      Console.note("stopping at the next safe place; Ctrl-C again stops at once")
      model.withLock { $0?.cancel() }
    }
    return source
  }()
}
