// svft encode: vectors of texts.
import ArgumentParser
import SVFT

struct Encode: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Vectors of texts.")

  @OptionGroup var source: ModelArguments
  @OptionGroup var output: OutputArguments
  @Argument(help: "Texts.") var texts: [String]

  func run() throws {
    let vectors = try source.load().embed(texts)
    if output.json { return Console.result(try Report.json(of: vectors)) }
    for vector in vectors { Console.result(vector.map { "\($0)" }.joined(separator: " ")) }
  }
}
