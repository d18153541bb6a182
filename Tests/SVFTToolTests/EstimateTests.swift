// svft estimate: a table, JSON, and the exit code of what does not fit.
import Foundation
import TestKit
import Testing

@Suite struct EstimateTests {
  private static let model = ToolRun.fixture("llama")

  @Test func inferenceAndTrainingAreEstimated() throws {
    let folder = try TemporaryFolder()
    let table = try ToolRun.result(
      ["estimate", Self.model, "--prompt", "16", "-n", "8", "--batch-size", "2"], in: folder)
    #expect(table.contains("key value cache ") && table.contains("\npeak "))
    let training = try ToolRun.json(
      [
        "estimate", Self.model, "--method", "svft", "--options", "{\"pattern\":\"banded\"}",
        "--batch-size", "2", "--max-seq-length", "16", "--validation",
      ], in: folder)
    let parts = try #require(training["parts"] as? [String: Any])
    for part in ["factors", "parameters", "gradients", "moments", "training_steps"] {
      #expect((parts[part] as? Int ?? 0) > 0)
    }
    #expect(training["peak_bytes"] as? Int ?? 0 > 1 << 20)
  }

  @Test func recomputedActivationsTakeLess() throws {
    let steps = try [[], ["--gradient-checkpointing"]].map { flags in
      let estimate = try ToolRun.json(
        ["estimate", Self.model, "--method", "lora", "--batch-size", "2"] + flags,
        in: TemporaryFolder())
      let parts = try #require(estimate["parts"] as? [String: Any])
      return try #require(parts["training_steps"] as? Int)
    }
    #expect(steps[1] < steps[0])
  }

  @Test func whatDoesNotFitExitsWith4() throws {
    let folder = try TemporaryFolder()
    let notes = try ToolRun.failure(
      ["estimate", Self.model, "--memory-limit", "1M"], 4, in: folder)
    #expect(notes.contains("1048576"))
    #expect(
      try ToolRun.failure(
        ["estimate", Self.model, "--options", "x", "--method", "lora"], 2, in: folder
      )
      .contains("--options"))
  }
}
