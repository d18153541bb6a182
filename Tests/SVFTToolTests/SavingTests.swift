// svft quantize, merge and export: what they write is what the model was.
import Foundation
import TestKit
import Testing

@Suite struct SavingTests {
  private func loss(_ model: [String], in folder: TemporaryFolder) throws -> Double {
    let data = ["--data", ToolRun.fixture("tales.jsonl"), "--threads", "1"]
    let report = try ToolRun.json(["eval", "--model"] + model + data, in: folder)
    return try #require(report["loss"] as? Double)
  }

  @Test func aQuantisedFileEqualsQuantisingWhileLoading() throws {
    let folder = try TemporaryFolder()
    let quantize = ["quantize"] + ToolRun.llama
    let report = try ToolRun.json(
      quantize + ["--to", "q8_0", "-o", "small.gguf"], in: folder)
    #expect(report["path"] as? String == "small.gguf" && report["drift"] is [String: Any])
    let loading = try loss([ToolRun.fixture("llama"), "--quant", "q8_0"], in: folder)
    #expect(abs(try loss(["small.gguf"], in: folder) - loading) < 1e-5)
    let refused = try ToolRun.failure(
      quantize + ["--to", "q8_0", "-o", "folder"], 3, in: folder)
    #expect(
      refused.contains(".gguf") && !FileManager.default.fileExists(atPath: folder.file("folder")))
    #expect(
      try ToolRun.failure(quantize + ["--to", "q9", "-o", "x.gguf"], 3, in: folder).contains("q9"))
  }

  @Test func aMergedModelEqualsTheAttachedAdapter() throws {
    let folder = try TemporaryFolder()
    try ToolRun.train(in: folder)
    let adapted = ToolRun.llama + ["--adapter", "run"]
    let lines = try ToolRun.result(
      ["merge"] + adapted + ["-o", "merged", "--to", "f32"], in: folder)
    #expect(lines.contains("\ndrift.max "))
    let attached = try loss([ToolRun.fixture("llama"), "--adapter", "run"], in: folder)
    #expect(abs(try loss(["merged"], in: folder) - attached) < 1e-5)
    _ = try ToolRun.json(
      ["merge"] + adapted + ["-o", "merged.gguf", "--to", "f16", "--probe", "The sea"],
      in: folder)
    #expect(abs(try loss(["merged.gguf"], in: folder) - attached) < 1e-2)
  }

  @Test func exportsArePEFTOrNothing() throws {
    let folder = try TemporaryFolder()
    try ToolRun.train(in: folder)
    let export = ["export"] + ToolRun.llama
    _ = try ToolRun.json(export + ["--adapter", "run", "-o", "peft"], in: folder)
    let back = try loss([ToolRun.fixture("llama"), "--adapter", "peft"], in: folder)
    let attached = try loss([ToolRun.fixture("llama"), "--adapter", "run"], in: folder)
    #expect(abs(back - attached) < 1e-5)
    #expect(
      try ToolRun.failure(export + ["-o", "x"], 2, in: folder).contains("--adapter: expected"))
    let wrong = export + ["--adapter", "run", "-o", "x", "--to", "tar"]
    #expect(try ToolRun.failure(wrong, 2, in: folder).contains("tar"))
  }
}
