// What a person sees: progress on stderr (a single line on a terminal, plain lines elsewhere),
// errors with the exit codes that scripts rely on. NO_COLOR is honoured.
import Foundation
package import SVFT

/// Output to people and scripts.
package enum Console {
  static let isTerminal = isatty(STDERR_FILENO) == 1
  private static let colours =
    isTerminal && ProcessInfo.processInfo.environment["NO_COLOR"] == nil

  /// A line on stderr.
  static func note(_ text: String) {
    FileHandle.standardError.write(Data(((isTerminal ? "\r\u{1B}[K" : "") + text + "\n").utf8))
  }

  /// A line on stderr that the next one replaces, on terminals only.
  static func status(_ text: String) {
    guard isTerminal else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8))
  }

  /// A result on stdout.
  static func result(_ text: String, terminator: String = "\n") {
    FileHandle.standardOutput.write(Data((text + terminator).utf8))
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
