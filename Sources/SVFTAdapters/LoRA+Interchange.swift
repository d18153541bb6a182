// LoRA and changes that are not its own: its factors as they are, and the best factors of its rank
// in their place. Files of GGUF or PEFT are read elsewhere.
import SVFTFormats
package import SVFTLayers
package import SVFTTensor

extension LoRA {
  package func product(_ projection: Projection) throws(SVFTError) -> FactoredDelta {
    let factors = try factors(projection)
    return try FactoredDelta(
      b: factors.canonicalB(),
      a: DeltaMatrix(
        rows: factors.a.weight.rows, columns: factors.a.weight.columns,
        sharing: factors.a.weight.bytes),
      scale: factors.scale)
  }

  package func adopt(_ change: WeightChange, on projection: Projection) throws(SVFTError) -> Double
  {
    let factors = try factors(projection)
    let best = try change.factors(rank: factors.a.weight.rows)
    try factors.take(best)
    return change.energy * (1 - best.leftOut)
  }
}

extension LoRA.Factors {
  /// B [out, r], rows in canonical order.
  fileprivate func canonicalB() throws(SVFTError) -> DeltaMatrix {
    let stored = try DeltaMatrix(
      rows: b.weight.rows, columns: b.weight.columns, sharing: b.weight.bytes)
    let order = projection.weight.rowOrder
    return try stored.placingRows(order.canonical)
  }

  /// Sets A and B to factors of this rank or less. Rows of A beyond it stay as they started, with
  /// zeros in B, so that they can still learn.
  func take(_ best: LowRankFactors) throws(SVFTError) {
    guard scale != 0 else {
      throw SVFTError(
        .invalidArgument, "\(projection.name): expected an alpha other than 0 for a change")
    }
    let (rank, own) = (best.a.rows, a.weight.rows)
    try best.a.withValues { (from) throws(SVFTError) in
      for index in 0..<rank * a.weight.columns { a.values[index] = from[index] }
    }
    b.values.update(repeating: 0)
    try best.b.withValues { (from) throws(SVFTError) in
      for row in 0..<b.weight.rows {
        let stored = projection.weight.stored(row) * own
        for k in 0..<rank { b.values[stored + k] = from[row * rank + k] / scale }
      }
    }
  }
}
