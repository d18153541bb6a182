// svft inspect and factor: what a file is, and the singular factors of a model.
import ArgumentParser
import Foundation
import SVFT

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Describe any model, adapter or tensor file.")

  @Argument(help: "Model folder, .gguf, .safetensors or adapter folder.") var path: String
  @Flag(help: "Singular values of every matrix.") var spectrum = false
  @OptionGroup var output: OutputArguments

  func run() throws {
    let report = try Inspector.inspect(path, options: "{\"spectrum\": \(spectrum)}")
    Console.result(output.json ? report : try Inspector.text(of: report))
  }
}

struct Factor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compute singular factors and keep them in the cache.")

  @OptionGroup var source: ModelArguments
  @Option(help: "all-linear, or suffixes of module names separated by commas.")
  var targets = "all-linear"
  @OptionGroup var result: OutputArguments

  func run() throws {
    let model = try source.load()
    try model.factor(
      targets.split(separator: ",").map(String.init), progress: Console.progress)
    try result.show(["cache": CacheFolder.path ?? "none"])
  }
}
