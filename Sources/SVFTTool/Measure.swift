// svft bench and plot: speed, and pictures of runs.
import ArgumentParser
import SVFT

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Speed of prefill, decode and training, and peak memory.")

  @OptionGroup var source: ModelArguments
  @Option(help: "Tokens of the prompt; without it 512, or half of a short context.")
  var prompt: Int?
  @Option(help: "Tokens to decode; without it 64, or what the context leaves.")
  var decode: Int?
  @Option(help: "Sequences prefilled and decoded together.") var batch = 1
  @Option(help: "Training steps; 0 leaves training out.") var train = 2
  @Option(help: "Prompts that share a training step.") var gradAccumulationSteps = 1
  @Option(help: "Repeats; medians are reported.") var repeats = 3
  @Option(help: "Method that training uses: svft, lora, full, head or bias.") var method = "lora"
  @Option(help: "Method options as JSON, e.g. '{\"r\":8}'.") var options = "{}"
  @Flag(help: "Say what each kind of op takes, and how long threads wait for others.")
  var ops = false
  @OptionGroup var result: OutputArguments

  func run() throws {
    var request: [String: Any] = [
      "batch": batch, "train": train, "grad_accumulation_steps": gradAccumulationSteps,
      "repeats": repeats, "ops": ops,
      "adapter": try AdapterRequest.object(
        method: method, options: options, targets: [], seed: nil),
    ]
    request["prompt"] = prompt
    request["decode"] = decode
    try result.show(source.load().bench(RequestText.json(request)))
  }
}

struct Plot: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw a metrics.jsonl, the spectra of an inspect report or an ablation.json as SVG.")

  @Argument(help: "metrics.jsonl, ablation.json, or the JSON of inspect --spectrum.")
  var input: String
  @Option(name: [.short, .long], help: "The .svg file.") var output: String
  @OptionGroup var result: OutputArguments

  func run() throws {
    try Plotter.plot(input, to: output)
    try result.show(["picture": output])
  }
}
