// The sizes of LoRA: rank r trains r·(in + out) numbers on each module.
package import SVFTLayers
package import SVFTTensor

extension LoRA {
  /// Ranks up to the smallest side of the largest module.
  package static func size(
    _ options: AdapterOptions, on modules: [Projection]
  ) throws(SVFTError) -> AdapterSize? {
    try options.refuse(["r", "rank_pattern"], because: "the budget decides it")
    _ = try Settings(options)
    let sides = modules.reduce(0) { $0 + $1.rows + $1.columns }
    let most = modules.map { min($0.rows, $0.columns) }.max() ?? 1
    return AdapterSize("r", 1...min(65_536, max(1, most)), small: sides) { $0 * sides }
  }
}
