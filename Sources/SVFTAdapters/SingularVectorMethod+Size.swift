// The sizes of SVFT: half-bandwidths of a banded pattern, which has n(2d+1) − d(d+1) cells, and
// counts of the others, which are the same for each module as long as M has so many cells.
import SVFTFormats
package import SVFTLayers
package import SVFTTensor

extension SingularVectorMethod {
  /// Without a pattern it is the random one, which comes nearest to any budget. Cells that tied
  /// directions leave out are counted.
  package static func size(
    _ options: AdapterOptions, on modules: [Projection]
  ) throws(SVFTError) -> AdapterSize? {
    try options.refuse(["d", "count"], because: "the budget decides it")
    var chosen = options.object
    if !chosen.has("pattern") { chosen["pattern"] = .string(SparsityPattern.Kind.random.rawValue) }
    let settings = try Settings(AdapterOptions(.object(chosen)))
    let orders = modules.map { min($0.rows, $0.columns, settings.rank ?? .max) }
    let widest = max(1, orders.max() ?? 1)
    let gates = settings.hasGate ? orders.count : 0
    let diagonal = orders.reduce(gates, +)
    func total(_ cells: (Int) -> Int) -> Int { orders.reduce(gates) { $0 + cells($1) } }
    let fixed = JSON.Object([("pattern", .string(settings.pattern.rawValue))])
    switch settings.pattern {
    case .plain, .banded:
      let most = settings.pattern == .plain ? 0 : min(65_536, widest - 1)
      return AdapterSize("d", 0...most, with: fixed, small: diagonal) { d in
        total { SparsityPattern.bandedCount(order: $0, halfBandwidth: d) }
      }
    case .random, .topk:
      return AdapterSize("count", 1...widest * widest, with: fixed, small: diagonal) { count in
        total { min(count, $0 * $0) }
      }
    }
  }
}
