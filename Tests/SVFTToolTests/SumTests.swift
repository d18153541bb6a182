// svft sum: adapters with their weights become one.
import Foundation
import TestKit
import Testing

@Suite struct SumTests {
  @Test func halvesAreAWhole() throws {
    let folder = try TemporaryFolder()
    try ToolRun.train(in: folder)
    let terms = ["--adapter", "run:0.25", "--adapter", "run:0.75"]
    let report = try ToolRun.json(["sum"] + ToolRun.llama + terms + ["-o", "whole"], in: folder)
    #expect(report["weights"] as? [Double] == [0.25, 0.75])
    #expect(report["left_out"] as? Double == 0)
    func loss(_ adapter: String) throws -> Double {
      let report = try ToolRun.json(
        ["eval"] + ToolRun.llama
          + ["--adapter", adapter, "--data", ToolRun.fixture("tales.jsonl")], in: folder)
      return try #require(report["loss"] as? Double)
    }
    #expect(abs(try loss("whole") - loss("run")) < 1e-5)
    let cut = try ToolRun.json(
      ["sum"] + ToolRun.llama + terms + ["-o", "cut", "--rule", "mean", "--rank", "1"], in: folder)
    #expect(cut["left_out"] as? Double ?? 0 > 0)
  }

  @Test func rulesThatDoNotFitAreRefused() throws {
    let folder = try TemporaryFolder()
    try ToolRun.train(in: folder)
    let flags = ["sum"] + ToolRun.llama + ["-o", "x"]
    #expect(try ToolRun.failure(flags, 2, in: folder).contains("at least one adapter"))
    let ties = flags + ["--adapter", "run", "--rule", "ties", "--density", "0.5"]
    #expect(try ToolRun.failure(ties, 3, in: folder).contains("ties"))
    let vote = flags + ["--adapter", "run", "--rule", "vote"]
    #expect(try ToolRun.failure(vote, 2, in: folder).contains("vote"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("x")))
  }
}
