// svft inspect and factor: what a file is, and the singular factors of a model.
import ArgumentParser
import Foundation
import SVFT

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Describe any model, adapter or tensor file.")

  @Argument(help: "Model folder, .gguf, .safetensors or adapter folder.") var path: String
  @Flag(help: "Singular values of every matrix.") var spectrum = false
  @Option(
    help: "How the model computes this adapter: form and cost of every module, DIR[:SCALE].")
  var adapter: String?
  @OptionGroup var output: OutputArguments

  func run() throws {
    let report = try describe()
    Console.result(output.json ? report : try Inspector.text(of: report))
  }

  private func describe() throws -> String {
    guard let adapter else {
      return try Inspector.inspect(path, options: "{\"spectrum\": \(spectrum)}")
    }
    var options = ModelOptions()
    options.cacheFolder = CacheFolder.path
    let model = try Model(path: path, options: options, progress: Console.progress)
    let (folder, scale) = AdapterReference.split(adapter)
    return try model.loadAdapter(folder, scale: scale, progress: Console.progress).describe()
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
