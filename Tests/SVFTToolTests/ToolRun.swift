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

  /// Starts svft in `folder`, with no environment but HOME and what is given.
  init(
    _ arguments: [String], in folder: TemporaryFolder,
    environment: [String: String] = ["SVFT_CACHE": ""],
    input: String = "", errors: FileHandle? = nil
  ) throws {
    self.folder = folder
    try folder.write("stdin", input)
    for name in ["stdout", "stderr"] { try folder.write(name, "") }
    process.executableURL = Self.tool
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.environment = environment.merging(["HOME": folder.path]) { given, _ in given }
    process.standardInput = FileHandle(forReadingAtPath: folder.file("stdin"))
    process.standardOutput = FileHandle(forWritingAtPath: folder.file("stdout"))
    process.standardError = errors ?? FileHandle(forWritingAtPath: folder.file("stderr"))
    try process.run()
  }

  static let tool = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("svft-cli")

  /// Waits for its end; the exit code, or minus the signal that ended it.
  var status: Int32 {
    process.waitUntilExit()
    return process.terminationReason == .exit
      ? process.terminationStatus : -process.terminationStatus
  }

  /// What it has written to stdout so far.
  var output: String { text("stdout") }
  /// What it has written to stderr so far.
  var notes: String { text("stderr") }

  /// Presses Ctrl-C.
  func interrupt() { process.interrupt() }

  /// Waits until stderr has `words`. False when the process ends, or a minute passes, before that.
  func hasNoted(_ words: String) -> Bool {
    for _ in 0..<12_000 {
      if notes.contains(words) { return true }
      guard process.isRunning else { return notes.contains(words) }
      usleep(5_000)
    }
    return false
  }

  private func text(_ name: String) -> String {
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

  /// Trains a LoRA of two steps into `run` of the folder, with more flags.
  @discardableResult
  static func train(_ flags: [String] = [], in folder: TemporaryFolder) throws -> [String: Any] {
    try json(
      ["train"] + llama + ["--data", fixture("tales.jsonl"), "--output", "run"]
        + ["--method", "lora", "--options", #"{"r":2}"#]
        + (flags.isEmpty ? ["--steps", "2", "--learning-rate", "0.05"] : flags), in: folder)
  }
}
