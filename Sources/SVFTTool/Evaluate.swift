// svft eval: loss, perplexity, accuracy, F1 or correlation on data.
import ArgumentParser
import SVFT

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval", abstract: "Loss, perplexity, accuracy, F1 or correlation on a data file.")

  @OptionGroup var source: ModelArguments
  @Option(help: "Data file or folder.") var data: String
  @OptionGroup var records: DataFlags
  @OptionGroup var output: OutputArguments

  func run() throws {
    let settings = try records.options()
    let evaluation = try source.load().evaluate(
      data, options: settings, progress: Console.progress)
    if output.json { return Console.result(try Report.json(of: evaluation)) }
    let unit = evaluation.perplexity == nil ? "labels" : "tokens"
    Console.result("loss \(Console.number(evaluation.loss, 5)) over \(evaluation.count) \(unit)")
    let figures = [
      ("perplexity", evaluation.perplexity), ("accuracy", evaluation.accuracy),
      ("f1", evaluation.f1), ("entity_f1", evaluation.entityF1),
      ("spearman", evaluation.spearman),
    ]
    for case (let name, let value?) in figures {
      Console.result("\(name) \(Console.number(value, 5))")
    }
  }
}
