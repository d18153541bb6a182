// svft sum: one adapter made of several.
import ArgumentParser
import Foundation
import SVFT

struct Sum: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Add up adapters of one model: weighted sum, mean, TIES or DARE.",
    discussion: """
      Each --adapter DIR:WEIGHT counts with its weight, 1 unless told. ties and dare are for svft; \
      ties is a mean, so only ratios of weights count there; sums of lora have the rank of all \
      together, or --rank.
      """)

  @OptionGroup var source: ModelArguments
  @Option(help: "sum, mean, ties or dare.") var rule = "sum"
  @Option(help: "ties: the share of numbers of each adapter that stays (0.2).")
  var density: Double?
  @Option(help: "dare: the probability that a number is dropped (0.9).") var drop: Double?
  @Option(help: "dare: seed of what is dropped.") var seed: UInt64?
  @Option(help: "lora: rank of the sum; without it, the exact one.") var rank: Int?
  @Option(name: [.short, .long], help: "Output folder.") var output: String
  @OptionGroup var result: OutputArguments

  func run() throws {
    var request: [String: Any] = ["rule": rule]
    if let density { request["density"] = density }
    if let drop { request["drop"] = drop }
    if let seed { request["seed"] = seed }
    if let rank { request["rank"] = rank }
    let model = try source.load()
    let (adapter, report) = try Adapter.sum(
      of: model.attachedAdapters, options: RequestText.json(request))
    try adapter.save(to: output)
    try result.show(report)
  }
}
