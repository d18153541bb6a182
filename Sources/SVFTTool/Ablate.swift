// svft ablate: which modules of a model are worth adapting.
import ArgumentParser
import Foundation
import SVFT

struct Ablate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare adapters on groups of modules, all of one size, on held-out data.",
    discussion: """
      Trains a fresh adapter on each kind of module alone, and on attention, the MLP and all \
      together, each with as many trained numbers as the others. The output folder gets \
      ablation.json and ablation.svg after each run; Ctrl-C stops, and the same command goes on. \
      The result is a table in Markdown.
      """)

  @OptionGroup var source: ModelArguments
  @Option(help: "Training data: file or folder.") var data: String
  @Option(help: "Held-out data; without it --val-split, or the folder's.") var validation: String?
  @Option(name: [.short, .long], help: "Output folder.") var output: String
  @Option(
    help: """
      Groups instead, between semicolons; names or suffixes of modules between commas: \
      "q_proj;v_proj;q_proj,v_proj".
      """)
  var groups: String?
  @Option(
    help: """
      Trained numbers of each adapter; without it those of plain svft on all modules of the groups.
      """)
  var budget: Int?
  @Option(help: "Runs of each group, with seeds from --seed on.") var seeds = 2
  @Option(help: "svft (unless told) or lora.") var method: String?
  @Option(help: "Method options as JSON but for the size, e.g. '{\"pattern\":\"banded\"}'.")
  var options = "{}"
  @OptionGroup var rounding: RoundingArguments
  @OptionGroup var training: TrainingFlags
  @OptionGroup var result: OutputArguments

  func run() throws {
    var request: [String: Any] = [
      "seeds": seeds, "training": try training.object(),
      "adapter": try AdapterRequest.object(
        method: method, options: options, targets: [], seed: nil, extra: rounding.options),
    ]
    if let budget { request["budget"] = budget }
    if let groups { request["groups"] = groups.split(separator: ";").map(String.init) }
    let report = try source.load().ablate(
      data, validation: validation, output: output, options: RequestText.json(request),
      progress: Console.progress)
    Console.status("")
    Console.result(result.json ? report : try Self.table(report))
  }

  /// The groups of a report as a table in Markdown.
  private static func table(_ report: String) throws -> String {
    let parsed = try JSONSerialization.jsonObject(with: Data(report.utf8)) as? [String: Any] ?? [:]
    let figure = parsed["figure"] as? String ?? "loss"
    let base = (parsed["base"] as? [String: Any])?[figure] as? Double
    var lines = [
      "| modules | options | trained | \(figure) | change | s |", "|---|---|---|---|---|---|",
    ]
    for group in parsed["groups"] as? [[String: Any]] ?? [] {
      let options = (group["options"] as? [String: Any] ?? [:]).sorted { $0.key > $1.key }
      let mean = (group["mean"] as? [String: Any])?[figure] as? Double
      let spread = (group["spread"] as? [String: Any])?[figure] as? Double
      let cells = [
        group["name"] as? String ?? "",
        options.map { "\($0.key) \($0.value)" }.joined(separator: ", "),
        "\(group["trainable"] as? Int ?? 0)",
        (mean.map { Console.number($0, 4) } ?? "diverged")
          + (spread.map { " ± " + Console.number($0, 4) } ?? ""),
        base.flatMap { base in mean.map { Console.number($0 - base, 4) } } ?? "",
        Console.number(group["seconds"] as? Double ?? 0, 0),
      ]
      lines.append("| \(cells.joined(separator: " | ")) |")
    }
    if let base { lines += ["", "Without adapter: \(Console.number(base, 4))"] }
    return lines.joined(separator: "\n")
  }
}
