// Full fine-tuning: every chosen tensor is trained as an F32 copy of what the checkpoint decodes
// to, so the base may have any precision. Default: everything (linear modules, embeddings, norms,
// biases, heads).
//
// As many parameters as the tensors have elements. A tensor used twice (tied embeddings) is trained
// once.
package import SVFTFormats
import SVFTLayers
package import SVFTTensor

/// Training of the model's own tensors.
package final class FullTraining: AdapterMethod {
  package static let name = "full"
  package static let fileType = "FULL"
  package static let isAdditive = false

  package let standIns: [StandIn]

  package init(_ options: AdapterOptions, _ sites: ModelSites, _ factors: FactorStore)
    throws(SVFTError)
  {
    try options.allow([])
    var rule = try options.targets(default: .everything)
    if rule == .allLinear { rule = .ends(try sites.projections(rule).map(\.name)) }
    standIns = try sites.standIns(options, sites.slots(rule), beside: [])
  }

  package static func options(_ file: AdapterContents) throws(SVFTError) -> JSON.Object {
    file.targetsOfTensors()
  }
}

extension AdapterContents {
  /// Options that target exactly the modules whose own tensors the file holds.
  func targetsOfTensors() -> JSON.Object {
    var options = JSON.Object()
    options["targets"] = .array(modules.map { .string($0) })
    return options
  }
}
