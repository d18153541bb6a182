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
  @OptionGroup(title: "With --adapter") var loading: LoadingArguments
  @OptionGroup var output: OutputArguments

  func validate() throws {
    guard adapter == nil || !spectrum else {
      throw ValidationError("expected one of --adapter and --spectrum, found both")
    }
  }

  func run() throws {
    let report = try describe()
    Console.result(output.json ? report : try Inspector.text(of: report))
  }

  private func describe() throws -> String {
    guard let adapter else {
      return try Inspector.inspect(path, options: RequestText.json(["spectrum": spectrum]))
    }
    let model = try Model(path: path, options: loading.options(), progress: Console.progress)
    let (folder, scale) = try AdapterReference.split(adapter)
    return try model.loadAdapter(folder, scale: scale, progress: Console.progress).describe()
  }
}

struct Factor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compute singular factors and keep them in the cache.")

  @OptionGroup var source: ModelArguments
  @Option(help: "all-linear, or suffixes of module names separated by commas.")
  var targets = "all-linear"
  @Option(help: "Only the first directions, by a randomised method (default: all, exactly).")
  var rank: Int?
  @Option(help: "Iterations of the randomised method (default: 4).") var iterations: Int?
  @OptionGroup var result: OutputArguments

  func run() throws {
    let model = try source.load()
    var options: [String: Any] = [
      "targets": targets == "all-linear"
        ? targets as Any : targets.split(separator: ",").map(String.init)
    ]
    options["rank"] = rank
    options["iterations"] = iterations
    let report = try model.factor(
      options: RequestText.json(options), progress: Console.progress)
    var facts = try JSONSerialization.jsonObject(with: Data(report.utf8)) as? [String: Any] ?? [:]
    facts["cache"] = CacheFolder.path ?? "none"
    if !result.json, let layers = facts.removeValue(forKey: "layers") as? [[String: Any]] {
      for layer in layers { Console.result(Self.line(of: layer)) }
    }
    try result.show(facts)
  }

  /// "layers.0.q_proj.weight [64, 64] 0.001 s residual 3.6e-08", or "cached" for the time.
  private static func line(of layer: [String: Any]) -> String {
    let shape = layer["shape"] as? [Int] ?? []
    let isCached = layer["cached"] as? Bool ?? false
    let seconds = String(format: "%.3f s", layer["seconds"] as? Double ?? 0)
    let residual = (layer["residual"] as? Double).map { String(format: "%.1e", $0) }
    return "\(layer["name"] ?? "") \(shape) \(isCached ? "cached" : seconds)"
      + " residual \(residual ?? "unknown")"
  }
}
