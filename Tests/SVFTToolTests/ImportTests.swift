// svft import: exports come back, another model is a change, and what is missing is said.
import Foundation
import TestKit
import Testing

@Suite struct ImportTests {
  private func loss(_ flags: [String], in folder: TemporaryFolder) throws -> Double {
    let report = try ToolRun.json(
      ["eval"] + flags + ["--data", ToolRun.fixture("tales.jsonl"), "--threads", "1"], in: folder)
    return try #require(report["loss"] as? Double)
  }

  @Test func exportsAndMergedModelsComeBack() throws {
    let folder = try TemporaryFolder()
    try ToolRun.train(in: folder)
    let adapted = ToolRun.llama + ["--adapter", "run"]
    _ = try ToolRun.json(
      ["export"] + adapted + ["-o", "delta.safetensors", "--to", "delta"], in: folder)
    _ = try ToolRun.json(["merge"] + adapted + ["-o", "merged", "--to", "f32"], in: folder)
    let attached = try loss(["--model", ToolRun.fixture("llama"), "--adapter", "run"], in: folder)
    for (number, flags) in [
      ["--from", "delta.safetensors", "--kind", "delta"], ["--from-model", "merged"],
      ["--from", "run"],
    ].enumerated() {
      let report = try ToolRun.json(
        ["import"] + ToolRun.llama + flags
          + ["-o", "back\(number)", "--method", "lora", "--options", #"{"r":2}"#], in: folder)
      #expect(try #require(report["captured"] as? Double) > 1 - 1e-5)
      let back = try loss(
        ["--model", ToolRun.fixture("llama"), "--adapter", "back\(number)"], in: folder)
      #expect(abs(back - attached) < 1e-5)
    }
    let lines = try ToolRun.result(
      ["import"] + ToolRun.llama + ["--from", "run", "-o", "svft", "--targets", "q_proj"],
      in: folder)
    #expect(lines.contains("captured ") && lines.contains("left_out "))
  }

  @Test func whatIsMissingOrWrongIsSaid() throws {
    let folder = try TemporaryFolder()
    let flags = ["import"] + ToolRun.llama + ["-o", "x"]
    #expect(try ToolRun.failure(flags, 2, in: folder).contains("either --from or --from-model"))
    let both = flags + ["--from", "a", "--from-model", "b"]
    #expect(try ToolRun.failure(both, 2, in: folder).contains("either --from or --from-model"))
    #expect(try ToolRun.failure(flags + ["--from", "nowhere"], 3, in: folder).contains("nowhere"))
    let kind = flags + ["--from", "nowhere", "--kind", "stone"]
    #expect(try ToolRun.failure(kind, 2, in: folder).contains("stone"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("x")))
  }
}
