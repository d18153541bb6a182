// svft classify: classes or scores of texts or pictures.
import ArgumentParser
import SVFT

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Classes or scores of texts, of pairs of texts, or of picture files.")

  @OptionGroup var source: ModelArguments
  @OptionGroup var output: OutputArguments
  @Option(help: "Second text of each pair, in order. May be repeated.") var pair: [String] = []
  @Argument(help: "Texts; paths of pictures for a model of images.") var texts: [String]

  func run() throws {
    let results = try source.load().classify(texts, pairs: pair)
    if output.json { return Console.result(try Report.json(of: results)) }
    for (text, result) in zip(texts, results) {
      Console.result(
        "\(result.label ?? "score")\t\(Console.number(result.score, 4))\t\(text)")
    }
  }
}
