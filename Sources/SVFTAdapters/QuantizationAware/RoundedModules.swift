// The rounded matrices of one attached adapter.
package import SVFTLayers
package import SVFTTensor

/// Rounded matrices of a method's modules; modules whose weights are F32 have none.
package final class RoundedModules {
  package let awareness: QuantizationAwareness
  private let weights: [RoundedWeight]
  private let threads: Int
  private var scratch: Buffer

  /// Makes them. `stored` has the full-precision tensors; nil where nobody has. `learned` are the
  /// scales that are trained.
  ///
  /// `.invalidArgument` where nothing is rounded, `.mismatch` for latents of another model,
  /// `.memory`.
  package convenience init(
    _ method: any AdapterMethod, scale: Float, _ awareness: QuantizationAwareness, threads: Int,
    stored: (any LatentSource)?, learned: LearnedScales? = nil
  ) throws(SVFTError) {
    guard method.addsOnly else {
      throw SVFTError(
        .unsupported,
        "quantization_aware: expected a method that adds a change to all of W, found one that cuts "
          + "W to its first directions")
    }
    let awareness = try awareness.resolved(hasStored: stored != nil)
    try self.init(method, scale: scale, awareness, threads: threads, learned) {
      (projection) throws(SVFTError) in try Self.latents(projection, awareness, stored)
    }
  }

  /// What rounding W + ΔW gives: for comparison.
  package static func naive(
    _ method: any AdapterMethod, scale: Float, threads: Int
  ) throws(SVFTError) -> RoundedModules {
    try RoundedModules(method, scale: scale, .naive, threads: threads) { RoundedRows($0) }
  }

  private init(
    _ method: any AdapterMethod, scale: Float, _ awareness: QuantizationAwareness, threads: Int,
    _ learned: LearnedScales? = nil, latents: (Projection) throws(SVFTError) -> any LatentRows
  ) throws(SVFTError) {
    var weights: [RoundedWeight] = []
    for projection in method.projections {
      let format = projection.weight.weight.format
      guard format.name != ElementFormats.f32.name else { continue }
      guard format.kernels.hasCells else {
        let known = ElementFormats.all.filter(\.kernels.hasCells).map(\.name)
          .filter { $0 != ElementFormats.f32.name }
        throw SVFTError(
          .unsupported,
          "\(projection.name): expected weights in one of \(known.joined(separator: ", ")) for "
            + "quantization_aware, found \(format.name)")
      }
      let latents = try during(projection.name) { () throws(SVFTError) in
        try latents(projection)
      }
      weights.append(
        try RoundedWeight(
          projection, method, scale: scale, latents, awareness.scales,
          learned?.parameter(projection)))
    }
    guard !weights.isEmpty else {
      throw SVFTError(
        .invalidArgument,
        "quantization_aware: expected a model whose weights are rounded, found F32: load it with a "
          + "quantisation, or a quantised file")
    }
    self.awareness = awareness
    self.weights = weights
    self.threads = max(1, min(threads, Parallel.threadLimit))
    scratch = try Buffer(byteCount: 0)
    try refresh()
  }

  private static func latents(
    _ projection: Projection, _ awareness: QuantizationAwareness,
    _ stored: (any LatentSource)?
  ) throws(SVFTError) -> any LatentRows {
    let isFrozen = awareness.scales != .recomputed
    if awareness.latents == .stored, let stored {
      let slot = try stored.slot(projection.weight.name)
      // A matrix that was not quantised after all has no finer numbers there.
      let isFiner = slot.weight.format.name != projection.weight.weight.format.name
      if isFiner || !isFrozen { return try StoredRows(projection, slot, clamps: isFrozen) }
    }
    return DitheredRows(projection, seed: awareness.seed)
  }

  /// Makes all of them of the adapter's numbers as they are now: after each optimiser step.
  ///
  /// Throws `.memory`.
  package func refresh() throws(SVFTError) {
    // Making a change may take more than it did: top-k has no cells before it has seen data.
    var bytes = 0
    for weight in weights { bytes = max(bytes, try weight.scratchBytes()) }
    let needed = try Checked.product(threads, bytes, "scratch of rounded matrices")
    if scratch.byteCount < needed { scratch = try Buffer(byteCount: needed) }
    guard !MemoryLedger.isRehearsing else { return }
    for weight in weights { try weight.refresh(threads: threads, scratch: scratch) }
  }

  /// The rounded matrix of a projection, if it has one.
  package func matrix(_ projection: Projection) -> (any RoundedMatrix)? {
    weights.first { $0.projection === projection }
  }

  /// SHA-256 of all codes, rows in canonical order: whether another machine rounds the same.
  package func codes() throws(SVFTError) -> String {
    var hash = SHA256()
    for rounded in weights {
      let weight = rounded.weight
      let row = try Buffer(byteCount: weight.matrix.rowBytes)
      for index in 0..<weight.rows {
        weight.matrix.copyRow(
          rounded.projection.weight.rowOrder.stored(index), into: row.pointer)
        hash.update(row.bytes)
      }
    }
    return hash.hexadecimal
  }
}
