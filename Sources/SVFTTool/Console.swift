// What a person sees: progress on stderr (a single line on a terminal, plain lines elsewhere),
// errors with the exit codes that scripts rely on. NO_COLOR is honoured.
import Foundation
package import SVFT
import Synchronization

/// Output to people and scripts.
package enum Console {
  static let isTerminal = isatty(STDERR_FILENO) == 1
  private static let colours =
    isTerminal && ProcessInfo.processInfo.environment["NO_COLOR"] == nil

  /// Whether both streams are one terminal's, and the last line of results is not complete.
  private static let hasOpenLine = Mutex(false)
  private static let sharesTerminal = isTerminal && isatty(STDOUT_FILENO) == 1

  /// A line on stderr, which begins a line of its own.
  static func note(_ text: String) {
    let breaks = hasOpenLine.withLock { isOpen in
      defer { isOpen = false }
      return isOpen
    }
    if breaks { _ = put("\n", to: STDOUT_FILENO) }
    _ = put((isTerminal ? "\r\u{1B}[K" : "") + text + "\n", to: STDERR_FILENO)
  }

  /// A line on stderr that the next one replaces, on terminals only.
  static func status(_ text: String) {
    guard isTerminal else { return }
    _ = put("\r\u{1B}[K\(text)", to: STDERR_FILENO)
  }

  /// A result on stdout. Where it cannot be written the process ends with a sentence.
  static func result(_ text: String, terminator: String = "\n") {
    hasOpenLine.withLock {
      $0 = sharesTerminal && !(text + terminator).hasSuffix("\n") && !(text.isEmpty && !$0)
    }
    guard let failure = put(text + terminator, to: STDOUT_FILENO) else { return }
    fail(
      SVFTError(
        failure == ENOSPC ? .noSpace : .io,
        "standard output: expected to write a result, found \(String(cString: strerror(failure)))"))
  }

  /// Writes all of `text`; returns the errno that stopped it, or nil. (FileHandle ends the process
  /// with a trap where a descriptor is closed or full.)
  private static func put(_ text: String, to descriptor: Int32) -> Int32? {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno != EINTR { return errno }
      rest = rest.dropFirst(max(0, written))
    }
    return nil
  }

  /// Prints an error's sentence and ends the process with its exit code.
  static func fail(_ error: SVFTError) -> Never {
    note((colours ? "\u{1B}[31merror:\u{1B}[0m " : "error: ") + error.message)
    exit(exitCode(error.kind))
  }

  /// 1 run-time, 2 usage, 3 bad input, 4 memory or limit, 130 interrupted.
  package static func exitCode(_ kind: SVFTError.Kind) -> Int32 {
    switch kind {
    case .invalidArgument: 2
    case .io, .format, .truncated, .unsupported, .shape, .mismatch, .data: 3
    case .limit, .memory, .noSpace: 4
    case .cancelled: 130
    case .busy, .state, .nonFinite, .internal: 1
    }
  }

  /// Sends the library's warnings and notes to stderr.
  static func installLog() {
    Diagnostics.install { level, text in note("\(level): \(text)") }
  }

  /// Seconds as people read them.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "–" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  /// A number with `digits` places.
  package static func number(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }

  /// Progress of long work on the status line.
  static let progress: @Sendable (String, Double, Double) -> Bool = { activity, done, left in
    status("\(activity) \(Int(done * 100)) %, \(duration(left)) left")
    if done >= 1 { status("") }
    return !Interrupt.isRequested
  }
}
