// svft train: progress on stderr, the result alone on stdout, files where they were asked for.
import Foundation
import TestKit
import Testing

@Suite struct TrainTests {
  private static let train =
    ["train"] + ToolRun.llama + ["--data", ToolRun.fixture("tales.jsonl"), "--output", "run"]

  @Test func progressIsNoResult() throws {
    let folder = try TemporaryFolder()
    let flags = [
      "--steps", "4", "--steps-per-report", "1", "--val-split", "0.25", "--steps-per-eval", "2",
      "--save-every", "3", "--targets", "q_proj,v_proj",
    ]
    let run = try ToolRun(Self.train + flags, in: folder)
    #expect(run.status == 0 && run.output == "adapter saved to run\n")
    for words in [
      "training ", "held out", "step 4/4  loss", "step 2/4  validation loss", "checkpoint saved",
      "finished after",
    ] { #expect(run.notes.contains(words), "\(words)") }
    #expect(!run.notes.contains("\u{1B}") && !run.notes.contains("\r"))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.file("run"))
    for name in ["adapter_config.json", "adapter_model.safetensors", "metrics.jsonl"] {
      #expect(files.contains(name))
    }
  }

  @Test func theReportIsOneJSONDocument() throws {
    let folder = try TemporaryFolder()
    let report = try ToolRun.train(["--steps", "3"], in: folder)
    #expect(report["step"] as? Int == 3 && report["finished"] as? Bool == true)
    let resumed = try ToolRun.train(["--steps", "3", "--resume"], in: folder)
    #expect(resumed["step"] as? Int == 3)
  }

  @Test(arguments: [
    (["--options", "[]"], 2, "--options: expected a JSON object"),
    (["--options", #"{"paturn":"plain"}"#], 2, "paturn"),
    (["--method", "magic"], 3, "magic"), (["--targets", "nothing"], 3, "nothing"),
    (["--targets", ","], 2, "--targets"),
    (["--optimizer", "lion"], 2, "optimizer: expected one of adamw, sgd"),
    (["--learning-rate", "nan"], 2, "learning_rate"), (["--steps=-1"], 2, "steps"),
    (["--resume", "--seed=-3"], 0, "no checkpoint"),
  ]) func whatCannotBeTrainedSaysWhy(_ flags: [String], _ status: Int32, _ words: String) throws {
    let folder = try TemporaryFolder()
    let run = try ToolRun(Self.train + ["--epochs", "1"] + flags, in: folder)
    #expect(run.status == status)
    #expect(run.notes.contains(words), "\(run.notes)")
  }
}
