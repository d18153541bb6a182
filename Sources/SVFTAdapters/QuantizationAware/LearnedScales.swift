// Trained scales of the blocks that weights are rounded in: one number per block, relative to the
// checkpoint's scale.
//
//   Q = S c    S = f16(S₀ (1 + p))    c = round(L/S₀) within the code's range    ∂Q/∂p = S₀ c
//
// Codes are those of the checkpoint's scale, so that p acts on a block as a whole, as in "Memory-
// efficient fine-tuning of compressed large language models" (Kim et al., arXiv:2305.14152). Where
// codes follow S instead ("Learned step size quantization", arXiv:1902.08153), Q hardly moves with
// it, and no more was gained than by scales made anew: Benchmarks/results/rounding.md.
import SVFTFormats
package import SVFTLayers
package import SVFTTensor

/// The scales of one adapter's rounded modules.
package final class LearnedScales {
  package let parameters: [Parameter]
  private let projections: [Projection]

  private static let suffix = "svft_scale_changes"

  /// Starts at the checkpoint's scales; modules whose format has none have no parameter. They learn
  /// `rate` times as fast as the adapter.
  ///
  /// Throws `.memory`.
  package init(_ projections: [Projection], rate: Double) throws(SVFTError) {
    self.projections = projections.filter { $0.weight.weight.format.kernels.hasBlockScales }
    parameters = try self.projections.map { (projection) throws(SVFTError) in
      let weight = projection.weight.weight
      let parameter = try Parameter(
        "\(projection.name).\(Self.suffix)", rows: weight.rows,
        columns: weight.columns / weight.format.blockLength, decays: false)
      parameter.rateFactor = rate
      return parameter
    }
  }

  /// S/S₀ of a block.
  static func factor(_ p: Float) -> Float {
    let factor = 1 + p
    // What is no number ends at the lower end too.
    return factor > 0.25 ? min(factor, 4) : 0.25
  }

  /// p of a projection's blocks, rows as stored.
  func parameter(_ projection: Projection) -> Parameter? {
    zip(projections, parameters).first { $0.0 === projection }?.1
  }

  /// Whether these are the scales of a method's modules.
  package func belong(to method: any AdapterMethod) -> Bool {
    projections.allSatisfy { mine in method.projections.contains { $0 === mine } }
  }

  /// What is saved, rows in canonical order.
  package func state() throws(SVFTError) -> [NamedTensor] {
    try zip(projections, parameters).map { (projection, parameter) throws(SVFTError) in
      let values = try Buffer(of: Float.self, count: parameter.count)
      let width = parameter.weight.columns
      for row in 0..<parameter.weight.rows where !MemoryLedger.isRehearsing {
        let stored = projection.weight.rowOrder.stored(row)
        for column in 0..<width {
          values.values(Float.self)[row * width + column] =
            parameter.values[stored * width + column]
        }
      }
      return NamedTensor(parameter.name, shape: parameter.shape, type: "F32", bytes: values)
    }
  }

  /// Those of a saved adapter; nil where the options of it ask for none.
  ///
  /// Throws `.format`, `.shape`, `.nonFinite`.
  static func read(
    _ contents: AdapterContents, _ options: JSON.Object, _ method: any AdapterMethod
  ) throws(SVFTError) -> LearnedScales? {
    let awareness = try QuantizationAwareness(AdapterOptions(.object(options)))
    guard let awareness, awareness.scales == .learned else { return nil }
    let scales = try LearnedScales(method.projections, rate: awareness.scaleRate)
    for (projection, parameter) in zip(scales.projections, scales.parameters) {
      let values = try contents.take(parameter.name, shape: parameter.shape).floats()
      let width = parameter.weight.columns
      for row in 0..<parameter.weight.rows {
        let stored = projection.weight.rowOrder.stored(row)
        for column in 0..<width {
          parameter.values[stored * width + column] = values[row * width + column]
        }
      }
    }
    return scales
  }
}
