// svft bench and plot: figures that are positive, pictures that are SVG.
import Foundation
import TestKit
import Testing

@Suite struct MeasureTests {
  private static let bench =
    ["bench"] + ToolRun.llama
    + ["--prompt", "16", "--decode", "4", "--batch", "2", "--train", "1", "--repeats", "1"]

  @Test func speedsComeAsJSONAndAsLines() throws {
    let folder = try TemporaryFolder()
    let report = try ToolRun.json(Self.bench, in: folder)
    for part in ["prefill", "decode", "train"] {
      let speed = (report[part] as? [String: Any])?["tokens_per_second"] as? Double
      #expect((speed ?? 0) > 0)
    }
    let lines = try ToolRun.result(Self.bench, in: folder).split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("decode.tokens_per_second ") })
    #expect(lines.contains("threads 1"))
    #expect(
      try ToolRun.failure(Self.bench + ["--options", "no JSON"], 2, in: folder).contains("JSON"))
    #expect(
      try ToolRun.failure(Self.bench + ["--method", "magic"], 3, in: folder).contains("magic"))
  }

  @Test func aShortContextHasAShortPrompt() throws {
    let flags = ["bench"] + ToolRun.llama + ["--train", "0", "--repeats", "1", "--ops"]
    let report = try ToolRun.json(flags, in: TemporaryFolder())
    let prefill = try #require(report["prefill"] as? [String: Any])
    let tokens = try #require(prefill["tokens"] as? Int)
    #expect(tokens > 1 && tokens < 512)
    let ops = try #require(prefill["ops"] as? [[String: Any]])
    let lines = try ToolRun.result(flags, in: TemporaryFolder()).split(separator: "\n")
    let head = try #require(lines.firstIndex(of: "prefill.ops"))
    #expect(
      lines[head + 1] == "| op | pass | calls | seconds | waiting | multiply_adds | bytes |")
    #expect(lines[(head + 3)...].prefix { $0.hasPrefix("| ") }.count == ops.count)
  }

  @Test func aRunIsDrawn() throws {
    let folder = try TemporaryFolder()
    try ToolRun.train(["--steps", "3", "--steps-per-report", "1"], in: folder)
    let plot = ["plot", "run/metrics.jsonl", "--output", "loss.svg"]
    #expect(try ToolRun.result(plot, in: folder) == "picture loss.svg\n")
    let picture = try String(contentsOfFile: folder.file("loss.svg"), encoding: .utf8)
    #expect(picture.hasPrefix("<svg") || picture.hasPrefix("<?xml"))
    #expect(try ToolRun.failure(["plot", "none", "-o", "x.svg"], 3, in: folder).contains("none"))
  }
}
