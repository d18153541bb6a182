// svft estimate: the memory that inference or training will take, before anything is taken.
import ArgumentParser
import SVFT

struct Estimate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Memory that inference, or training with --method, will take.",
    discussion: """
      Nothing is loaded: headers, configuration and tokenizer are read, and what loading, \
      attaching and planning would allocate is added up. With --memory-limit the exit code is 4 \
      where it would not fit.
      """)

  @Argument(help: "Model folder (Hugging Face) or .gguf file.") var model: String
  @OptionGroup var loading: LoadingArguments
  @Option(help: "Tokens of each prompt or text; 0 is 512, or what the context allows.")
  var prompt = 0
  @Option(name: [.customShort("n"), .long], help: "Tokens to generate at most.")
  var predict = GenerationOptions().maxTokens
  @Option(
    help: """
      Training with svft, lora, full, head or bias; --options, --targets and --batch-size etc. as \
      in train.
      """)
  var method: String?
  @Option(help: "Method options as JSON, e.g. '{\"pattern\":\"banded\",\"d\":8}'.")
  var options = "{}"
  @Option(help: "all-linear, or suffixes of module names separated by commas. May be repeated.")
  var targets: [String] = []
  @OptionGroup var rounding: RoundingArguments
  @Option(help: "Classes of labelled records; 0 trains the language head where there is one.")
  var classes = 0
  @Flag(help: "Training evaluates held-out data.") var validation = false
  @OptionGroup var training: TrainingFlags
  @OptionGroup var result: OutputArguments

  func run() throws {
    var work = Workload()
    (work.promptTokens, work.maxTokens, work.classes) = (prompt, predict, classes)
    work.batch = training.data.batchSize ?? work.batch
    if method != nil || options != "{}" || !targets.isEmpty {
      work.training = try training.options()
      work.evaluates = validation || work.training.validationShare > 0
      work.adapter = try AdapterRequest.json(
        method: method, options: options, targets: targets, seed: training.seed,
        extra: rounding.options)
    }
    let estimate = try Model.estimate(
      path: model, options: loading.options(), workload: work)
    try loading.requireFit(estimate)
    Console.result(result.json ? try estimate.json() : estimate.text)
  }
}

extension LoadingArguments {
  /// Throws `.memory` where the work goes beyond --memory-limit.
  fileprivate func requireFit(_ estimate: SVFT.Estimate) throws {
    let limit = try memoryLimitBytes ?? 0
    guard limit > 0, estimate.peak > limit else { return }
    throw SVFTError(
      .memory,
      "expected a peak of at most \(limit) bytes, found \(estimate.peak), most of it in "
        + estimate.highestStage)
  }
}
