// Ctrl-C: the first one stops cleanly with code 130, after a checkpoint where there is training;
// the second one stops at once.
import Foundation
import TestKit
import Testing

@Suite struct InterruptTests {
  private static let train =
    ["train"] + ToolRun.llama + [
      "--data", ToolRun.fixture("tales.jsonl"), "--output", "run", "--method", "lora",
      "--options", #"{"r":2}"#, "--steps-per-report", "1", "--json",
    ]

  @Test func trainingSavesACheckpointAndGoesOnFromIt() throws {
    let folder = try TemporaryFolder()
    let first = try ToolRun(Self.train + ["--steps", "1000000"], in: folder)
    #expect(first.hasNoted("step 3/"))
    first.interrupt()
    #expect(first.status == 130)
    #expect(first.output.isEmpty && first.notes.contains("stopping at the next safe place"))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("run"))
    let saved = try #require(names.first { $0.hasPrefix("checkpoint-") })
    let step = try #require(Int(saved.dropFirst("checkpoint-".count)))
    #expect(step >= 3)
    let second = try ToolRun(Self.train + ["--steps", "1000000", "--resume"], in: folder)
    #expect(second.hasNoted("step \(step + 1)/") && !second.notes.contains("step \(step)/"))
    second.interrupt()
    #expect(second.status == 130)
  }

  /// As service managers and containers stop programs.
  @Test func aSystemThatAsksIsHeardToo() throws {
    let folder = try TemporaryFolder()
    let run = try ToolRun(Self.train + ["--steps", "1000000"], in: folder)
    #expect(run.hasNoted("step 2/"))
    run.interrupt(SIGTERM)
    #expect(run.status == 130)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("run"))
    #expect(names.contains { $0.hasPrefix("checkpoint-") })
  }

  @Test func otherWorkStopsWithoutAResult() throws {
    let folder = try TemporaryFolder()
    let run = try ToolRun(
      ["bench"] + ToolRun.llama + ["--prompt", "32", "--repeats", "1000", "--train", "100000"],
      in: folder)
    run.interrupt()
    #expect(run.status == 130)
    #expect(run.output.isEmpty)
  }

  @Test func theSecondOneEndsWhatDoesNotListen() throws {
    let pipe = Pipe()
    let run = try ToolRun(
      ["generate"] + ToolRun.llama + ["--prompt", "-"], in: TemporaryFolder(),
      input: pipe.fileHandleForReading)
    run.interrupt()
    #expect(run.isRunning)
    run.interruptAgain()
    #expect(run.status == 130 && run.output.isEmpty)
  }

  @Test func oneBeforeTheWorkBeginsIsNotForgotten() throws {
    let pipe = Pipe()
    let run = try ToolRun(
      ["generate"] + ToolRun.llama + ["--prompt", "-"], in: TemporaryFolder(),
      input: pipe.fileHandleForReading)
    run.interrupt()
    try pipe.fileHandleForWriting.close()
    #expect(run.status == 130)
    #expect(run.notes.contains("cancelled"))
  }
}
