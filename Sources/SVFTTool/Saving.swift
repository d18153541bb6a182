// svft quantize, merge and export: models and adapters in other forms.
import ArgumentParser
import Foundation
import SVFT

/// How a model is written, beside its format.
struct SavingArguments: ParsableArguments {
  @Option(help: "Write several files of at most so many bytes, e.g. 5GB.")
  var maxShardSize: String?
  @Option(
    help: """
      Text the model is run on first, or an imatrix file of llama.cpp: rounding to q2_k … q6_k, \
      q4_0 … q5_1, iq4_nl, iq4_xs then errs least where it matters.
      """)
  var calibration: String?

  /// The options meant.
  func options(format: String?) throws -> SavingOptions {
    var options = SavingOptions()
    options.format = format
    options.maxShardSize = try maxShardSize.map { try ByteCount.parse($0, "--max-shard-size") }
    options.calibration = calibration
    return options
  }
}

struct Quantize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model in another format: a folder, or a .gguf file.")

  @OptionGroup var source: ModelArguments
  @Option(
    name: [.short, .long], help: "Folder (f32, f16, bf16, nf4) or .gguf file (any other format).")
  var output: String
  @Option(help: "f32, f16, bf16, nf4; for .gguf also q8_0, q6_k, q5_k_m, q4_k_m, q3_k_m, q2_k …")
  var to: String
  @OptionGroup var saving: SavingArguments
  @OptionGroup var result: OutputArguments

  func run() throws {
    let options = try saving.options(format: to)
    try result.show(source.load().save(to: output, options, progress: Console.progress))
  }
}

struct Merge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model with its adapters merged into the weights.")

  @OptionGroup var source: ModelArguments
  @Option(
    name: [.short, .long], help: "Folder (f32, f16, bf16, nf4) or .gguf file (any other format).")
  var output: String
  @Option(help: "Format of the result; without it each tensor keeps its own.") var to: String?
  @OptionGroup var saving: SavingArguments
  @Option(help: "Text on which drift and perplexity are measured.") var probe: String?
  @Option(help: "File with that text.") var probeFile: String?
  @OptionGroup var result: OutputArguments

  func validate() throws {
    guard probe == nil || probeFile == nil else {
      throw ValidationError("expected one of --probe and --probe-file, found both")
    }
  }

  func run() throws {
    var options = try saving.options(format: to)
    options.probe = try probeFile.map { try TextInput.read($0) } ?? probe
    try result.show(source.load().save(to: output, options, progress: Console.progress))
  }
}

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write an adapter as PEFT LoRA, GGUF LoRA or dense delta.")

  @OptionGroup var source: ModelArguments
  @Option(name: [.short, .long], help: "Folder or file to write.") var output: String
  @Option(help: "peft, gguf-lora or delta.") var to = "peft"
  @Option(help: "Rank of the LoRA; 0 is the smallest exact one.") var rank = 0
  @OptionGroup var result: OutputArguments

  func run() throws {
    let model = try source.load()
    let adapters = try model.attachedAdapters
    guard adapters.count == 1 else {
      throw ValidationError(
        "--adapter: expected the one adapter to export, found \(adapters.count)"
          + (adapters.isEmpty ? "" : "; `svft sum` makes one of several"))
    }
    try result.show(
      adapters[0].export(to: output, options: RequestText.json(["to": to, "rank": rank])))
  }
}
