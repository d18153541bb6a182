// Sums of a weight's rows, as deltas are made of them: rows · W added to dense rows.
package import SVFTLayers
package import SVFTTensor

extension Weight {
  /// target[t, k] += Σ_r g[t, r]·W[r, k] for all columns; g is [tokens, rows], target [tokens,
  /// columns].
  package func addTransposed(
    _ g: UnsafeMutableBufferPointer<Float>, tokens: Int, to target: UnsafeMutablePointer<Float>
  ) throws(SVFTError) {
    let scratch = try Buffer(byteCount: scratchBytes)
    guard let g = g.baseAddress else { return }
    defer { withExtendedLifetime(scratch) {} }
    addTransposed(g, tokens: tokens, to: target, scratch: scratch.pointer)
  }

  /// The same with `scratchBytes` of scratch.
  func addTransposed(
    _ g: UnsafePointer<Float>, tokens: Int, to target: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutableRawPointer
  ) {
    for chunk in 0..<columnChunks {
      matrix.transposedProduct(
        columns: columns(ofChunk: chunk), g, ldg: rows, tokens: tokens, into: target, ldx: columns,
        Kernels.Update(accumulate: true), scratch: scratch)
    }
  }
}
