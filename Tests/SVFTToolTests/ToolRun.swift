// The command line tool as a process: what tests of the commands start, watch and interrupt.
//
// The tool lies beside the test bundle. Its output goes through files, so that a test can look on
// while it runs and no pipe ever fills.
import Foundation
import TestKit
import Testing

/// One run of svft.
final class ToolRun {
  let folder: TemporaryFolder
  private let process = Process()

  /// Starts svft in `folder`, with its own HOME, and no other settings in the environment than
  /// are given.
  init(
    _ arguments: [String], in folder: TemporaryFolder,
    environment: [String: String] = ["SVFT_CACHE": ""],
    text: String = "", input: FileHandle? = nil, errors: FileHandle? = nil
  ) throws {
    self.folder = folder
    try folder.write("stdin", text)
    for name in ["stdout", "stderr"] { try folder.write(name, "") }
    process.executableURL = Self.tool
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    var inherited = ProcessInfo.processInfo.environment
    for name in ["SVFT_CACHE", "XDG_CACHE_HOME", "NO_COLOR"] { inherited[name] = nil }
    inherited["HOME"] = folder.path
    process.environment = inherited.merging(environment) { $1 }
    process.standardInput = input ?? FileHandle(forReadingAtPath: folder.file("stdin"))
    process.standardOutput = FileHandle(forWritingAtPath: folder.file("stdout"))
    process.standardError = errors ?? FileHandle(forWritingAtPath: folder.file("stderr"))
    try process.run()
  }

  static let tool = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("svft-cli")

  /// Waits for its end; the exit code, or minus the signal that ended it: -9 where it hangs.
  var status: Int32 {
    if !hasCome({ !process.isRunning }) { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    return process.terminationReason == .exit
      ? process.terminationStatus : -process.terminationStatus
  }

  /// What it has written to stdout so far.
  var output: String { written("stdout") }
  /// What it has written to stderr so far.
  var notes: String { written("stderr") }

  /// Whether it is still at work.
  var isRunning: Bool { process.isRunning }

  /// Presses Ctrl-C once the tool watches for it, and waits until it has noted that or is gone.
  func interrupt(_ signal: Int32 = SIGINT) {
    _ = hasCome { watches(for: signal) || !process.isRunning }
    if process.isRunning { kill(process.processIdentifier, signal) }
    _ = hasCome { notes.contains("Ctrl-C again") || !process.isRunning }
  }

  /// Presses Ctrl-C once more.
  func interruptAgain() { process.interrupt() }

  /// Whether a signal, by its bit among those that are caught, would no longer end it unheard.
  private func watches(for signal: Int32) -> Bool {
    let path = "/proc/\(process.processIdentifier)/status"
    let status = try? String(contentsOfFile: path, encoding: .utf8)
    let line = status?.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
    let bits = line?.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) }
    return (bits ?? 0) & (1 << UInt64(signal - 1)) != 0
  }

  /// Waits until stderr has `words`. False when the process ends before that, or hangs.
  func hasNoted(_ words: String) -> Bool {
    _ = hasCome { notes.contains(words) || !process.isRunning }
    return notes.contains(words)
  }

  /// Waits for an event. False after ten minutes: by then, under any load, something hangs.
  private func hasCome(_ event: () -> Bool) -> Bool {
    let end = ContinuousClock.now + .seconds(600)
    while ContinuousClock.now < end {
      if event() { return true }
      usleep(5_000)
    }
    return event()
  }

  private func written(_ name: String) -> String {
    String(
      decoding: FileManager.default.contents(atPath: folder.file(name)) ?? Data(), as: UTF8.self)
  }

  /// Runs svft to its end and gives its result, which must be all of stdout.
  static func result(_ arguments: [String], in folder: TemporaryFolder) throws -> String {
    let run = try ToolRun(arguments, in: folder)
    try #require(run.status == 0, "svft \(arguments.joined(separator: " "))\n\(run.notes)")
    return run.output
  }

  /// Runs svft with `--json`: stdout must be one JSON object.
  static func json(_ arguments: [String], in folder: TemporaryFolder) throws -> [String: Any] {
    let text = try result(arguments + ["--json"], in: folder)
    return try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// Runs svft where it must fail: stdout must be empty, stderr one sentence that is returned.
  static func failure(
    _ arguments: [String], _ status: Int32, in folder: TemporaryFolder
  ) throws -> String {
    let run = try ToolRun(arguments, in: folder)
    #expect(run.status == status, "svft \(arguments.joined(separator: " "))\n\(run.notes)")
    #expect(run.output.isEmpty)
    return run.notes
  }

  /// A file or model of Tests/Fixtures.
  static func fixture(_ name: String) -> String {
    SharedData.packageRoot + "/Tests/Fixtures/" + name
  }

  /// The flags for the tiny model that writes.
  static let llama = ["--model", fixture("llama"), "--threads", "1"]
  /// The flags for the tiny model that encodes.
  static let bert = ["--model", fixture("bert"), "--threads", "1"]

  /// Generates greedily with the tiny model, twelve tokens.
  static let greedy = ["generate"] + llama + ["--temp", "0", "--ignore-eos", "-n", "12"]

  /// What it makes of each prompt of the flags.
  static func continued(
    _ flags: [String], in folder: TemporaryFolder
  ) throws -> [(text: String, tokens: [Int])] {
    let report = try json(greedy + flags, in: folder)
    return try #require(report["results"] as? [[String: Any]]).map {
      (try #require($0["text"] as? String), try #require($0["tokens"] as? [Int]))
    }
  }

  /// Trains a LoRA of two steps into `run` of the folder, with more flags.
  @discardableResult
  static func train(_ flags: [String] = [], in folder: TemporaryFolder) throws -> [String: Any] {
    try json(
      ["train"] + llama + ["--data", fixture("tales.jsonl"), "--output", "run"]
        + ["--method", "lora", "--options", #"{"r":2}"#]
        + (flags.isEmpty ? ["--steps", "2", "--learning-rate", "0.05"] : flags), in: folder)
  }
}
