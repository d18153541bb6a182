// The one way to tell the host something that is no failure: a callback it installs. Silent without
// one.
//
// The doors set it; the library never writes to a stream. Only what a person should act on goes
// here (a slower path taken, a setting ignored), never a replacement for an error.
import Synchronization

/// Messages to the host.
package enum Log {
  /// How much a message matters; the numbers are those of the C callback.
  package enum Level: Int32, Sendable { case warning = 1, note = 2 }

  /// What the host installs: user pointer, level, text (valid during the call, UTF-8).
  package typealias Callback =
    @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?) -> Void

  /// A callback with the pointer it is called with.
  private struct Sink: @unchecked Sendable {
    let callback: Callback
    let user: UnsafeMutableRawPointer?
  }

  private static let sink = Mutex<Sink?>(nil)

  /// Replaces the callback, nil for silence.
  ///
  /// A call already running may still finish with the old one.
  package static func install(_ callback: Callback?, user: UnsafeMutableRawPointer?) {
    let next = callback.map { Sink(callback: $0, user: user) }
    sink.withLock { $0 = next }
  }

  /// Something works, but not as well as it could.
  package static func warn(_ text: @autoclosure () -> String) { send(.warning, text) }

  /// Something a person may want to know.
  package static func note(_ text: @autoclosure () -> String) { send(.note, text) }

  /// The callback runs outside the lock, so that it may install another one.
  private static func send(_ level: Level, _ text: () -> String) {
    guard let sink = sink.withLock({ $0 }) else { return }
    text().withCString { sink.callback(sink.user, level.rawValue, $0) }
  }
}
