// Trained scales of the blocks that weights are rounded in: one number per block, relative to the
// checkpoint's scale.
//
//   S = f16(S₀·(1 + κ p))      κ makes the rates of adapters small steps of a scale
//
// After "Learned step size quantization" (Esser et al., arXiv:1902.08153): rounding to S c passes
// gradients, so that ∂(S c)/∂S is c − L/S where the code follows L, and c where it is at its end.
import SVFTFormats
package import SVFTLayers
package import SVFTTensor

/// The scales of one adapter's rounded modules.
package final class LearnedScales {
  package let parameters: [Parameter]
  private let projections: [Projection]

  static let relativeStep: Float = 0.1
  private static let suffix = "svft_scales"

  /// Starts at the checkpoint's scales; modules whose format has none have no parameter.
  ///
  /// Throws `.memory`.
  package init(_ projections: [Projection]) throws(SVFTError) {
    self.projections = projections.filter { $0.weight.weight.format.kernels.hasBlockScales }
    parameters = try self.projections.map { (projection) throws(SVFTError) in
      let weight = projection.weight.weight
      return try Parameter(
        "\(projection.name).\(Self.suffix)", rows: weight.rows,
        columns: weight.columns / weight.format.blockLength, decays: false)
    }
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
    guard awareness?.scales == .learned else { return nil }
    let scales = try LearnedScales(method.projections)
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
