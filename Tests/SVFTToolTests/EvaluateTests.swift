// svft eval: figures for people, exact ones as JSON, broken data by its line.
import Foundation
import TestKit
import Testing

@Suite struct EvaluateTests {
  private static let eval = ["eval"] + ToolRun.llama + ["--data"]

  @Test func figuresAreShownAndExactInJSON() throws {
    let folder = try TemporaryFolder()
    let eval = Self.eval + [ToolRun.fixture("tales.jsonl")]
    let report = try ToolRun.json(eval, in: folder)
    let loss = try #require(report["loss"] as? Double)
    #expect(abs(exp(loss) - (report["perplexity"] as? Double ?? 0)) < 1e-6)
    let lines = try ToolRun.result(eval, in: folder).split(separator: "\n")
    let count = report["count"] as? Int ?? 0
    let expected = "loss \(String(format: "%.5f", loss)) over \(count) tokens"
    #expect(lines.first.map(String.init) == expected)
    #expect(lines.count == 3)
    let short = try ToolRun.json(eval + ["--max-seq-length", "4"], in: folder)
    #expect(short["count"] as? Int == 24 * 3)
  }

  @Test func brokenDataNamesItsLine() throws {
    let folder = try TemporaryFolder()
    try folder.write("broken.jsonl", "{\"text\": \"fine\"}\n{\"text\": 5}\n")
    let notes = try ToolRun.failure(Self.eval + ["broken.jsonl"], 3, in: folder)
    #expect(notes.contains("broken.jsonl") && notes.contains("2"))
    try folder.write("empty.jsonl", "")
    #expect(
      try ToolRun.failure(Self.eval + ["empty.jsonl"], 3, in: folder).contains("empty.jsonl"))
  }
}
