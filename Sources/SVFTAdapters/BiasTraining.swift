// Training of biases: one F32 vector per module, as much as its output is wide. The same copies
// serve the option "bias" of every other method.
package import SVFTFormats
import SVFTLayers
package import SVFTTensor

/// Training of biases alone: of the chosen modules, by default of every module that has one.
package final class BiasTraining: AdapterMethod {
  package static let name = "bias"
  package static let fileType = "BIAS"
  package static let isAdditive = false

  package let standIns: [StandIn]

  package init(_ options: AdapterOptions, _ sites: ModelSites, _ factors: FactorStore)
    throws(SVFTError)
  {
    try options.allow([])
    let biases = try sites.biases(options.targets(default: .everything))
    standIns = try sites.standIns(options, biases, beside: [])
  }

  package static func options(_ file: AdapterContents) throws(SVFTError) -> JSON.Object {
    var options = JSON.Object()
    options["targets"] = .array(file.modules(["bias"]).map { .string($0) })
    // Weights come from modules trained in full beside: the head of classes.
    let whole = file.modules(["weight"])
    if !whole.isEmpty { options["modules_to_save"] = .array(whole.map { .string($0) }) }
    return options
  }
}

extension ModelSites {
  /// The biases of the modules that `rule` picks.
  ///
  /// `.mismatch` where none has one.
  func biases(_ rule: TargetRule) throws(SVFTError) -> [Slot] {
    try require(rule, among: slots.map(\.module))
    let linear = Set(projections.filter { !isHead($0) }.map(\.name))
    let found = slots.filter { slot in
      guard slot.name.hasSuffix(".bias") else { return false }
      return rule == .allLinear
        ? linear.contains(slot.module) : rule.picks(slot.module, isHead: false)
    }
    guard found.isEmpty else { return found }
    throw SVFTError(
      .mismatch, "expected modules with a bias among the targets \(rule), found none")
  }
}
