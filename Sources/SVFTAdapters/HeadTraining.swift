// Head-only fine-tuning: weight and bias of the head are trained as F32 copies, everything else
// stays as it lies. The yardstick that every other method is measured against.
package import SVFTFormats
import SVFTLayers
package import SVFTTensor

/// Training of the head alone: classifier, score or language model head; the body stays frozen.
/// On a model without a head it trains nothing until labelled data bring one.
package final class HeadTraining: AdapterMethod {
  package static let name = "head"
  package static let fileType = "HEAD"
  package static let isAdditive = false

  package let standIns: [StandIn]

  package init(_ options: AdapterOptions, _ sites: ModelSites, _ factors: FactorStore)
    throws(SVFTError)
  {
    try options.allow([])
    let slots = sites.heads.flatMap { [$0.weight, $0.bias] }.compactMap { $0 }
    standIns = try sites.standIns(options, slots, beside: [])
  }

  package static func options(_ file: AdapterContents) throws(SVFTError) -> JSON.Object {
    JSON.Object()
  }
}
