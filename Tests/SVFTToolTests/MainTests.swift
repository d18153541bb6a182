// The command line as a whole: help, completions, exit codes, what goes where.
import Foundation
import TestKit
import Testing

@Suite struct MainTests {
  static let commands = [
    "inspect", "quantize", "factor", "train", "ablate", "eval", "generate", "encode", "classify",
    "merge", "export", "estimate", "bench", "plot", "demo",
  ]

  @Test(arguments: commands) func everyCommandHasHelpAndJSON(_ command: String) throws {
    let folder = try TemporaryFolder()
    let help = try ToolRun.result([command, "--help"], in: folder)
    #expect(help.contains("USAGE: svft \(command)") && help.contains("--json"))
  }

  @Test func theHelpListsThemAndTheExitCodes() throws {
    let folder = try TemporaryFolder()
    let help = try ToolRun.result(["--help"], in: folder)
    for command in Self.commands { #expect(help.contains("\n  \(command) ")) }
    #expect(help.contains("130 interrupted"))
    #expect(try ToolRun.result(["--version"], in: folder).split(separator: ".").count == 3)
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func completionsKnowEveryCommand(_ shell: String) throws
  {
    let folder = try TemporaryFolder()
    let script = try ToolRun.result(["--generate-completion-script", shell], in: folder)
    for command in Self.commands { #expect(script.contains(command)) }
    #expect(script.contains("learning-rate"))
    guard shell == "bash" else { return }
    let check = Process()
    check.executableURL = URL(fileURLWithPath: "/bin/bash")
    check.arguments = ["-n", try folder.write("completions", script)]
    try check.run()
    check.waitUntilExit()
    #expect(check.terminationStatus == 0)
  }

  @Test(arguments: [
    ["brew"], ["generate"], ["generate", "--colour"], ["train", "--model", "m"],
    ["generate", "--model", "m", "-n", "many"], ["inspect"],
  ]) func usageErrorsExitWith2(_ arguments: [String]) throws {
    let notes = try ToolRun.failure(arguments, 2, in: TemporaryFolder())
    #expect(notes.contains("Error:") && notes.contains("svft"))
  }

  @Test func eachKindOfFailureHasItsExitCode() throws {
    let folder = try TemporaryFolder()
    let prompt = ["generate", "--prompt", "The", "-n", "2"]
    try folder.write("page.gguf", String(repeating: "<html>", count: 20))
    let failures: [([String], Int32, String)] = [
      (prompt + ToolRun.llama + ["--temp=-1"], 2, "temperature"),
      (prompt + ToolRun.llama + ["--threads=-1"], 2, "threads"),
      (prompt + ["--model", "nowhere"], 3, "nowhere"),
      (prompt + ["--model", "page.gguf"], 3, "page.gguf"),
      (prompt + ToolRun.bert, 3, "encoder"),
      (prompt + ToolRun.llama + ["--adapter", "nowhere"], 3, "nowhere"),
      (prompt + ToolRun.llama + ["--memory-limit", "1K"], 4, "memory"),
      (prompt + ToolRun.llama + ["--ctx-size", "1"], 4, "context"),
    ]
    for (arguments, status, word) in failures {
      let notes = try ToolRun.failure(arguments, status, in: folder)
      #expect(notes.hasPrefix("error: ") && notes.contains(word), "\(notes)")
      #expect(notes.split(separator: "\n").count == 1)
    }
    try ToolRun.train(in: folder)
    let again =
      ["train"] + ToolRun.llama
      + ["--data", ToolRun.fixture("tales.jsonl"), "--output", "run", "--method", "lora"]
    #expect(try ToolRun.failure(again, 1, in: folder).contains("resume"))
  }
}
