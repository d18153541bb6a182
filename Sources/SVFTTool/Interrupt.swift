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
  ///
  /// A handler may do little more than write (signal-safety(7)): what it writes waits in a pipe
  /// for the thread that acts, so that none is lost however early it comes.
  static func watch() {
    guard let ends else { return }
    for number in [SIGINT, SIGTERM] { signal(number, tell) }
    unblock([SIGINT, SIGTERM])
    Thread.detachNewThread { listen(at: ends.reading) }
  }

  /// Acts on what the handlers write. Between two calls there is nothing to cancel: from the
  /// first signal on it is asked for again and again, until the process ends.
  private static func listen(at end: Int32) {
    var number: UInt8 = 0
    while true {
      var waiting = pollfd(fd: end, events: Int16(POLLIN), revents: 0)
      if poll(&waiting, 1, isRequested ? 20 : -1) > 0 {
        guard read(end, &number, 1) == 1 else { return }
        heard(Int32(number))
      }
      if isRequested { model.withLock { $0?.cancel() } }
    }
  }

  /// Ctrl-C cancels the work of this model too. Throws `.cancelled` where it came before.
  static func watch(_ watched: Model) throws(SVFTError) {
    model.withLock { $0 = watched }
    if isRequested { throw SVFTError(.cancelled, "loading \(watched.path) was cancelled") }
  }

  private static func heard(_ number: Int32) {
    if requested.exchange(true, ordering: .relaxed) { exit(128 + number) }
    Console.note(
      "stopping at the next safe place; Ctrl-C again, or a second signal, stops at once")
  }

  /// Who starts this program may have had them blocked, which a process inherits.
  private static func unblock(_ numbers: [Int32]) {
    var set = sigset_t()
    sigemptyset(&set)
    for number in numbers { sigaddset(&set, number) }
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  private static let tell: @convention(c) (Int32) -> Void = { number in
    guard let ends else { return }
    let before = errno
    var byte = UInt8(truncatingIfNeeded: number)
    _ = write(ends.writing, &byte, 1)
    errno = before
  }

  /// A pipe that lives as long as the process; nil where the system has no files left to open.
  private static let ends: (reading: Int32, writing: Int32)? = {
    var pair: [Int32] = [0, 0]
    return pipe(&pair) == 0 ? (pair[0], pair[1]) : nil
  }()
}
