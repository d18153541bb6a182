// svft encode: vectors of texts or pictures.
import ArgumentParser
import SVFT

struct Encode: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Vectors of texts or picture files.")

  @OptionGroup var source: ModelArguments
  @OptionGroup var output: OutputArguments
  @Argument(help: "Texts; paths of pictures for a model of images.") var texts: [String]

  func run() throws {
    let vectors = try source.load().embed(texts)
    if output.json { return Console.result(try Report.json(of: vectors)) }
    for vector in vectors { Console.result(vector.map { "\($0)" }.joined(separator: " ")) }
  }
}
