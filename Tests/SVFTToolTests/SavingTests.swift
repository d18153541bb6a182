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

  @Test func aFileMayBeCalibratedAndInParts() throws {
    let folder = try TemporaryFolder()
    try folder.write("text.txt", "The keeper of the lighthouse lit the lamp. The sea was wide.")
    let quantize = ["quantize"] + ToolRun.llama + ["--to", "iq4_nl", "-o", "m.gguf"]
    let report = try ToolRun.json(
      quantize + ["--calibration", "text.txt", "--max-shard-size", "20KB"], in: folder)
    let path = try #require(report["path"] as? String)
    #expect(path.hasPrefix("m-00001-of-"))
    #expect(try loss([path], in: folder) > 0)
    let wrong = try ToolRun.failure(quantize + ["--max-shard-size", "much"], 2, in: folder)
    #expect(wrong.contains("5GB") && wrong.contains("much"))
    #expect(
      try ToolRun.failure(quantize + ["--calibration", "none.txt"], 3, in: folder)
        .contains("none.txt"))
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

  @Test func aQuantisationAwareAdapterIsMergedAsItWasTrained() throws {
    let folder = try TemporaryFolder()
    let (llama, data) = (ToolRun.fixture("llama"), ToolRun.fixture("tales.jsonl"))
    _ = try ToolRun.json(
      ["quantize"] + ToolRun.llama + ["--to", "q4_0", "-o", "b.gguf"], in: folder)
    let base = ["-m", "b.gguf", "--latents", llama, "-t", "1"]
    _ = try ToolRun.json(
      ["train"] + base + ["--data", data, "--steps", "3", "-o", "run", "--learning-rate", "0.05"]
        + ["--quantization-aware", "learned", "--options", #"{"pattern":"banded","d":2}"#],
      in: folder)
    try folder.write("probe.txt", "The sea was wide. The lamp was lit.")
    let report = try ToolRun.json(
      ["merge"] + base + ["--adapter", "run", "-o", "m.gguf", "--probe-file", "probe.txt"],
      in: folder)
    #expect((report["drift"] as? [String: Any])?["max"] as? Double == 0)
    let figures = try #require(report["perplexity"] as? [String: Double])
    #expect(figures.keys.sorted() == ["merged", "naive", "unmerged"])
    let attached = try loss(
      ["b.gguf", "--latents", llama, "--adapter", "run"], in: folder)
    #expect(try loss(["m.gguf"], in: folder) == attached)
    let merge = ["merge"] + base + ["--adapter", "run", "-o", "n.gguf"]
    #expect(
      try ToolRun.failure(merge + ["--probe", "a", "--probe-file", "b"], 2, in: folder)
        .contains("found both"))
    #expect(
      try ToolRun.failure(merge + ["--probe-file", "nowhere"], 3, in: folder).contains("nowhere"))
    let repaired = try ToolRun.json(
      ["train"] + base + ["--data", data, "--steps", "1", "-o", "repaired", "--repair"], in: folder)
    #expect(repaired["method"] != nil || repaired["step"] != nil)
    let estimate = ["estimate", "b.gguf", "--latents", llama, "--method", "svft"]
    let peaks = try [[], ["--quantization-aware", "frozen"]].map { flags in
      try #require(try ToolRun.json(estimate + flags, in: folder)["model_bytes"] as? Int)
    }
    #expect(peaks[1] > peaks[0])
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
    let two = export + ["--adapter", "run", "--adapter", "run", "-o", "x"]
    #expect(try ToolRun.failure(two, 2, in: folder).contains("found 2; `svft sum`"))
    let wrong = export + ["--adapter", "run", "-o", "x", "--to", "tar"]
    #expect(try ToolRun.failure(wrong, 2, in: folder).contains("tar"))
  }
}
