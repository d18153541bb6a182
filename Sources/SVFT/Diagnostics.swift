// Warnings and notes of the library, for Swift hosts; C hosts use svft_set_log_callback.
import SVFTTensor
import Synchronization

/// Where warnings and notes go. Silent until somebody listens.
public enum Diagnostics {
  /// Receives "warning" or "note", and the text.
  public typealias Listener = @Sendable (_ level: String, _ text: String) -> Void

  private static let listener = Mutex<Listener?>(nil)

  /// Sends warnings and notes to `new`; nil is silence. Process-wide.
  public static func install(_ new: Listener?) {
    listener.withLock { $0 = new }
    guard new != nil else { return Log.install(nil, user: nil) }
    let forward: Log.Callback = { _, level, text in
      guard let text else { return }
      Diagnostics.pass(
        level == Log.Level.warning.rawValue ? "warning" : "note", String(cString: text))
    }
    Log.install(forward, user: nil)
  }

  private static func pass(_ level: String, _ text: String) {
    let current = listener.withLock { $0 }
    current?(level, text)
  }
}
