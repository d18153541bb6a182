// svft classify: classes or scores of texts or pictures, or classes of words, one a line.
import ArgumentParser
import SVFT

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Classes or scores of texts, of pairs of texts, or of picture files.",
    discussion: "A score is what the head gives: of a reranker the logit, not its sigmoid.")

  @OptionGroup var source: ModelArguments
  @OptionGroup var output: OutputArguments
  @Option(help: "Second text of each pair, in order. May be repeated.") var pair: [String] = []
  @Argument(help: "Texts; paths of pictures for a model of images.") var texts: [String]

  func run() throws {
    let results = try source.load().classify(texts, pairs: pair)
    if output.json { return Console.result(try Report.json(of: results)) }
    for (text, result) in zip(texts, results) {
      if let words = result.words {
        for word in words {
          Console.result("\(word.label)\t\(Console.number(word.score, 4))\t\(word.text)")
        }
        Console.result("")
        continue
      }
      let named = result.labels.map { $0.isEmpty ? "none" : $0.joined(separator: ",") }
      Console.result(
        "\(named ?? result.label ?? "score")\t\(Console.number(result.score, 4))\t\(text)")
    }
  }
}
