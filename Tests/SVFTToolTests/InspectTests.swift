// svft inspect and factor: files described for people and as JSON.
import Foundation
import TestKit
import Testing

@Suite struct InspectTests {
  @Test func aModelAFileAndAnAdapterAreDescribed() throws {
    let folder = try TemporaryFolder()
    try ToolRun.train(in: folder)
    let paths = [
      (ToolRun.fixture("llama"), "model"),
      (ToolRun.fixture("llama/model.safetensors"), "tensor file"), ("run", "adapter"),
    ]
    for (path, kind) in paths {
      let report = try ToolRun.json(["inspect", path], in: folder)
      #expect(report["kind"] as? String == kind)
      let tensors = try #require(report["tensors"] as? [[String: Any]])
      let text = try ToolRun.result(["inspect", path], in: folder)
      #expect(text.hasPrefix("kind: \(kind)\n"))
      for tensor in tensors { #expect(text.contains(try #require(tensor["name"] as? String))) }
    }
    #expect(try ToolRun.failure(["inspect", "nowhere"], 3, in: folder).contains("nowhere"))
  }

  @Test func anAdapterIsDescribedAsItsModelComputesIt() throws {
    let folder = try TemporaryFolder()
    for method in ["svft", "lora"] {
      _ = try ToolRun.json(
        ["train"] + ToolRun.llama + ["--data", ToolRun.fixture("tales.jsonl"), "--steps", "1"]
          + ["--method", method, "--options", #"{"targets":["q_proj","up_proj"]}"#]
          + ["--output", method], in: folder)
      let inspect = ["inspect", ToolRun.fixture("llama"), "--adapter", "\(method):0.5"]
      let report = try ToolRun.json(inspect, in: folder)
      #expect(report["method"] as? String == method && report["scale"] as? Double == 0.5)
      let plan = report["plan"] as? [String: [String: Any]]
      #expect((plan != nil) == (method == "svft"))
      let text = try ToolRun.result(inspect, in: folder)
      #expect(text.hasPrefix("method: \(method)\n"))
      for module in try #require(report["modules"] as? [String]) {
        #expect(text.contains(module))
        if let plan { #expect(plan[module]?["form"] as? String != nil) }
      }
      #expect(text.contains("KiB of vectors") == (method == "svft"))
    }
  }

  @Test func anAdapterIsDescribedOnTheModelAsItIsLoaded() throws {
    let folder = try TemporaryFolder()
    _ = try ToolRun.json(
      ["train"] + ToolRun.llama + ["--data", ToolRun.fixture("tales.jsonl"), "--steps", "1"]
        + ["--quant", "q8_0", "--options", #"{"targets":["up_proj"],"factors":"q8_0"}"#]
        + ["--output", "run"], in: folder)
    let inspect = ["inspect", ToolRun.fixture("llama"), "--adapter", "run"]
    let text = try ToolRun.result(inspect + ["--quant", "q8_0"], in: folder)
    #expect(text.contains("in q8_0, ") && text.contains(" of them exact"))
    // The adapter belongs to the rounded model.
    #expect(try ToolRun.failure(inspect, 3, in: folder).contains("another tensor"))
  }

  @Test func spectraAreOfFilesAlone() throws {
    let notes = try ToolRun.failure(
      ["inspect", ToolRun.fixture("llama"), "--adapter", "run", "--spectrum"], 2,
      in: try TemporaryFolder())
    #expect(notes.contains("expected one of --adapter and --spectrum"))
  }

  @Test func spectraFallAndCanBeDrawn() throws {
    let folder = try TemporaryFolder()
    let report = try ToolRun.json(
      ["inspect", "--spectrum", ToolRun.fixture("llama")], in: folder)
    let spectra = try #require(report["tensors"] as? [[String: Any]]).compactMap {
      $0["spectrum"] as? [Double]
    }
    #expect(!spectra.isEmpty && spectra.allSatisfy { $0 == $0.sorted(by: >) })
    let lines = try ToolRun.result(["inspect", "--spectrum", ToolRun.fixture("llama")], in: folder)
    #expect(lines.contains("half of the energy in"))
    try folder.write(
      "spectra.json",
      Array(try JSONSerialization.data(withJSONObject: report)))
    let drawn = try ToolRun.json(["plot", "spectra.json", "-o", "spectra.svg"], in: folder)
    #expect(drawn["picture"] as? String == "spectra.svg")
  }

  @Test func factorsNeedTargets() throws {
    let folder = try TemporaryFolder()
    let factor = ["factor"] + ToolRun.llama + ["--targets"]
    let text = try ToolRun.result(factor + ["q_proj,v_proj"], in: folder)
    #expect(text.contains("cache none\n") && text.contains("residual 3."))
    let truncated = try ToolRun.json(factor + ["q_proj", "--rank", "2"], in: folder)
    let layers = try #require(truncated["layers"] as? [[String: Any]])
    #expect(layers.allSatisfy { $0["order"] as? Int == 2 })
    #expect(try ToolRun.json(factor + ["q_proj"], in: folder)["cache"] as? String == "none")
    #expect(try ToolRun.failure(factor + ["nothing"], 3, in: folder).contains("nothing"))
  }
}
