// Flags that the commands share: sizes, adapters with factors, context, threads, the cache.
import Foundation
import SVFTTool
import TestKit
import Testing

@Suite struct ArgumentsTests {
  @Test(arguments: [
    ("a", "a", 1), ("a:0.5", "a", 0.5), ("a:b", "a:b", 1), ("d:/x:2", "d:/x", 2), ("a:", "a:", 1),
  ]) func adaptersMayHaveAFactor(_ text: String, _ folder: String, _ scale: Float) throws {
    #expect(try AdapterReference.split(text) == (folder, scale))
  }

  @Test func aFactorThatIsNoNumberIsSaid() throws {
    let folder = try TemporaryFolder()
    let notes = try ToolRun.failure(
      ["generate"] + ToolRun.llama + ["--adapter", "\(folder.path):strong"], 2, in: folder)
    #expect(notes.contains(#"expected a number behind the colon, found "strong""#))
  }

  @Test(arguments: [
    (["--memory-limit", "2X"], 2, "--memory-limit: expected a number of bytes"),
    (["--kv-format", "q5"], 3, "kv_format: expected one of auto, f32"),
    (["--quant", "q4_9"], 3, "quantize: expected one of the formats"),
    (["--compute", "f64"], 2, "--compute: expected one of default, f32"),
  ]) func wrongWordsNameTheirFlag(_ flags: [String], _ status: Int32, _ words: String) throws {
    let notes = try ToolRun.failure(
      ["generate", "-p", "a"] + ToolRun.llama + flags, status, in: TemporaryFolder())
    #expect(notes.contains(words), "\(notes)")
  }

  @Test func theModelsFlagsArrive() throws {
    let folder = try TemporaryFolder()
    let prompt = ["generate", "--prompt", "The lamp", "--temp", "0", "--ignore-eos", "-n", "100"]
    let free = try Self.tokens(prompt + ToolRun.llama, folder)
    let short = try Self.tokens(prompt + ToolRun.llama + ["-c", "20"], folder)
    #expect(free.count == 100 && short.count < 20 && free.starts(with: short))
    let rounded = try Self.tokens(
      prompt + ToolRun.llama + ["--quant", "q4_0", "--compute", "f32"], folder)
    #expect(rounded != free)
    #expect(
      try ToolRun.failure(prompt + ToolRun.llama + ["--compute", "f16"], 2, in: folder)
        .contains("--compute: expected one of default, f32"))
    for format in ["auto", "f32", "bf16"] {
      let kept = try Self.tokens(prompt + ToolRun.llama + ["--kv-format", format], folder)
      #expect(kept.count == 100)
    }
    #expect(
      try ToolRun.failure(prompt + ToolRun.llama + ["--kv-format", "q9"], 3, in: folder)
        .contains("kv_format: expected one of auto, f32, f16"))
    #expect(
      try ToolRun.failure(prompt + ToolRun.llama + ["--kv-format", "q8_0"], 3, in: folder)
        .contains("a multiple of 32 values"))
    #expect(
      try ToolRun.failure(prompt + ToolRun.llama + ["-c", "4096"], 2, in: folder)
        .contains("context_length: expected 0 to 128"))
  }

  @Test func adaptersStackWithTheirFactors() throws {
    let folder = try TemporaryFolder()
    try ToolRun.train(in: folder)
    func loss(_ adapters: [String]) throws -> Double {
      let flags = adapters.flatMap { ["--adapter", $0] }
      let data = ["--data", ToolRun.fixture("tales.jsonl")]
      let figures = try ToolRun.json(["eval"] + ToolRun.llama + data + flags, in: folder)
      return try #require(figures["loss"] as? Double)
    }
    let (base, whole) = (try loss([]), try loss(["run"]))
    #expect(whole < base)
    #expect(try loss(["run:0"]) == base)
    let half = try loss(["run:0.5"])
    #expect(half < base && half != whole)
    #expect(abs(try loss(["run:0.5", "run:0.5"]) - whole) < 1e-4)
  }

  @Test func theCacheIsWhereItIsSaid() throws {
    let folder = try TemporaryFolder()
    let factor = ["factor"] + ToolRun.llama + ["--targets", "q_proj", "--json"]
    let places = [
      (["SVFT_CACHE": folder.file("mine")], "mine"),
      (["XDG_CACHE_HOME": folder.file("xdg")], "xdg/svft"), ([:], ".cache/svft"),
      (["SVFT_CACHE": "", "XDG_CACHE_HOME": folder.file("no")], nil),
    ]
    for (environment, place) in places {
      let run = try ToolRun(factor, in: folder, environment: environment)
      #expect(run.status == 0)
      #expect(run.output.contains(place.map { folder.file($0) } ?? "none"))
      guard let place else { continue }
      #expect(FileManager.default.fileExists(atPath: folder.file(place)))
    }
  }

  private static func tokens(_ arguments: [String], _ folder: TemporaryFolder) throws -> [Int] {
    let results = try ToolRun.json(arguments, in: folder)["results"] as? [[String: Any]]
    return try #require(results?.first?["tokens"] as? [Int])
  }
}
