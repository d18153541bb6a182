// The flags of training are the options of training, one each.
import SVFT
import TestKit
import Testing

@Suite struct TrainingFlagsTests {
  @Test(arguments: ["train", "ablate", "demo"])
  func everyOptionOfTheLibraryIsAFlag(_ command: String) throws {
    let help = try ToolRun.result([command, "--help"], in: TemporaryFolder())
    for name in TrainingOptions.names {
      #expect(help.contains("--" + name.split(separator: "_").joined(separator: "-")), "\(name)")
    }
    #expect(help.contains("--config"))
  }

  /// Every flag given a number that only it refuses, so that one that went nowhere would pass.
  @Test(arguments: [
    "steps", "batch-size", "grad-accumulation-steps", "learning-rate", "head-learning-rate",
    "warmup-steps", "warmup-ratio", "weight-decay", "beta1", "beta2", "epsilon", "momentum",
    "max-grad-norm", "max-seq-length", "val-split", "steps-per-eval", "patience", "save-every",
    "save-total-limit", "steps-per-report", "epochs",
  ]) func everyNumberArrives(_ flag: String) throws {
    let notes = try ToolRun.failure(
      ["train"] + ToolRun.llama
        + ["--data", ToolRun.fixture("tales.jsonl"), "-o", "run", "--\(flag)=-1"], 2,
      in: TemporaryFolder())
    let name = flag.split(separator: "-").joined(separator: "_")
    #expect(notes.hasPrefix("error: \(name): expected"), "\(notes)")
  }

  @Test(arguments: ["optimizer", "lr-schedule", "on-long", "loss-on", "chat-layout"])
  func everyWordArrives(_ flag: String) throws {
    let notes = try ToolRun.failure(
      ["train"] + ToolRun.llama
        + ["--data", ToolRun.fixture("tales.jsonl"), "-o", "run", "--\(flag)", "sideways"], 2,
      in: TemporaryFolder())
    let name = flag.split(separator: "-").joined(separator: "_")
    #expect(notes.hasPrefix("error: \(name): expected one of"), "\(notes)")
  }

  /// Evaluating knows what it uses, and refuses what it would ignore.
  @Test func evaluatingTakesFlagsOfTheDataAlone() throws {
    let eval = ["eval"] + ToolRun.llama + ["--data", ToolRun.fixture("tales.jsonl")]
    let folder = try TemporaryFolder()
    let notes = try ToolRun.failure(eval + ["--on-long", "sideways"], 2, in: folder)
    #expect(notes.contains("on_long"))
    for flag in ["--epochs=2", "--learning-rate=1", "--resume"] {
      #expect(try ToolRun.failure(eval + [flag], 2, in: folder).contains("Unknown option"))
    }
  }
}
