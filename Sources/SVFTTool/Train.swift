// svft train: fine-tunes an adapter and saves it.
import ArgumentParser
import Foundation
import SVFT

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fine-tune an adapter on text, prompts, messages or labelled records.",
    discussion: """
      Data: a .jsonl file ({"text"}, {"prompt","completion"}, {"messages"}, {"text","label"}, \
      {"text","labels"}, {"input_ids","labels"}), a .txt file, or a folder with train.jsonl and \
      valid.jsonl. The output folder gets the adapter, metrics.jsonl and checkpoints; Ctrl-C saves \
      one and stops.
      """)

  @OptionGroup var source: ModelArguments
  @Option(help: "Training data: file or folder.") var data: String
  @Option(help: "Held-out data.") var validation: String?
  @Option(name: [.short, .long], help: "Output folder.") var output: String
  @Option(help: "svft (unless told), lora, full, head or bias.") var method: String?
  @Option(help: "Method options as JSON, e.g. '{\"pattern\":\"banded\",\"d\":8}'.")
  var options = "{}"
  @Option(help: "all-linear, or suffixes of module names separated by commas. May be repeated.")
  var targets: [String] = []
  @OptionGroup var rounding: RoundingArguments
  @OptionGroup var training: TrainingFlags
  @OptionGroup var result: OutputArguments

  func run() throws {
    let settings = try training.options()
    let model = try source.load()
    let adapter = try model.createAdapter(
      try AdapterRequest.json(
        method: method, options: options, targets: targets, seed: training.seed,
        extra: rounding.options),
      progress: Console.progress)
    let trainer = try Trainer(
      adapter, data: data, validation: validation, output: output, options: settings)
    Console.note(try trainer.summary)
    try trainer.train { progress in
      Console.show(progress)
      return !Interrupt.isRequested
    }
    Console.status("")
    if result.json {
      Console.result(try trainer.describe())
    } else {
      Console.result("adapter saved to \(output)")
    }
  }
}

/// How an adapter deals with weights that are rounded.
struct RoundingArguments: ParsableArguments {
  @Option(
    help: """
      Train the weights that a merged file will have, rounded as the model is: frozen keeps the \
      scales of its blocks, recomputed makes new ones (needs full-precision weights), learned \
      trains them with the adapter.
      """)
  var quantizationAware: String?
  @Flag(help: "Start from what the adapter can hold of the model's quantisation error.")
  var repair = false

  /// The keys of adapter options.
  var options: [String: Any] {
    var options: [String: Any] = [:]
    options["quantization_aware"] = quantizationAware
    if repair { options["repair"] = true }
    return options
  }
}

/// Adapter options from flags.
enum AdapterRequest {
  static func json(
    method: String?, options: String, targets: [String], seed: Int?, extra: [String: Any] = [:]
  ) throws -> String {
    try RequestText.json(
      object(method: method, options: options, targets: targets, seed: seed, extra: extra))
  }

  static func object(
    method: String?, options: String, targets: [String], seed: Int?, extra: [String: Any] = [:]
  ) throws -> [String: Any] {
    let parsed = try? JSONSerialization.jsonObject(with: Data(options.utf8))
    guard var object = parsed as? [String: Any] else {
      throw ValidationError("--options: expected a JSON object, found \(options)")
    }
    if let method { object["method"] = method }
    if let seed, object["seed"] == nil { object["seed"] = seed }
    object.merge(extra) { $1 }
    let list = targets.flatMap { $0.split(separator: ",").map(String.init) }
    guard targets.isEmpty || !list.isEmpty else {
      throw ValidationError("--targets: expected names of modules or all-linear, found none")
    }
    if !list.isEmpty { object["targets"] = list.count == 1 ? list[0] : list }
    return object
  }
}

extension Console {
  /// A training report as one line.
  static func show(_ progress: TrainingProgress) {
    var line = "step \(progress.step)/\(progress.totalSteps)"
    switch progress.event {
    case .step:
      line += "  loss \(number(progress.loss, 4))  \(Int(progress.tokensPerSecond)) tok/s"
      line += "  \(duration(progress.remaining)) left"
      return isTerminal ? status(line) : note(line)
    case .evaluation:
      line += "  validation loss \(number(progress.validationLoss ?? .nan, 4))"
      if let score = progress.validationScore, let name = progress.validationFigure {
        line += "  \(name) \(number(score, 4))"
      }
    case .checkpoint: line += "  checkpoint saved"
    case .skipped: line += "  skipped: loss or gradient not finite"
    case .finished: line += "  finished after \(duration(progress.elapsed))"
    }
    note(line)
  }
}
