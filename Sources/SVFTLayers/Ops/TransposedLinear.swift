// The product with the transpose of a frozen matrix: from its rows back to its columns.
//
//   forward   y[t, k]  = Σ_r W[r, k] x[t, r]     backward  dx[t, r] = Σ_k W[r, k] g[t, k]
//
// x [T, rows], y [T, columns]. Nothing is kept, and one matrix serves both this and `Linear`:
// singular vectors that rotate in and out again are stored once.
package import SVFTTensor

/// y = Wᵀ x.
final class TransposedLinear: Op {
  private let x: Value
  private let y: Value
  private let weight: Weight

  init(_ x: Value, _ y: Value, _ weight: Weight) {
    self.x = x
    self.y = y
    self.weight = weight
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [] }
  var memberScratch: Int { weight.scratchBytes }

  var kind: String { "Linear' \(weight.columns)x\(weight.rows) \(weight.format.name)" }

  func products(_ run: Run) -> (forward: Int, backward: Int) {
    let all = run.rows * weight.rows * weight.columns
    return (all, run.target(0) == nil ? 0 : all)
  }

  func forward(_ run: Run) {
    let part = weight.transposedPart(of: run.team, tokens: 0..<run.rows)
    let first = part.tokens.lowerBound
    weight.matrix.transposedProduct(
      columns: part.outputs, run.pointer(x) + first * weight.rows, ldg: weight.rows,
      tokens: part.tokens.count, into: run.pointer(y) + first * weight.columns,
      ldx: weight.columns, scratch: run.scratch)
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y), let dx = run.target(0) else { return }
    let part = weight.part(of: run.team, tokens: 0..<run.rows)
    let first = part.tokens.lowerBound
    weight.matrix.product(
      rows: part.outputs, g + first * weight.columns, tokens: part.tokens.count,
      into: dx.pointer + first * weight.rows, ldy: weight.rows,
      Kernels.Update(accumulate: dx.accumulate), scratch: run.scratch)
  }
}

extension Graph {
  /// Records y = Wᵀ x with a frozen matrix that is no tensor of the checkpoint (a factor).
  /// [T, rows] → [T, columns]
  package func transposedLinear(_ x: Value, frozen weight: Weight) throws(SVFTError) -> Value {
    guard x.width == weight.rows else {
      throw SVFTError(
        .shape,
        "expected an input of width \(weight.rows) for a transposed product, found \(x.width)")
    }
    let y = value(width: weight.columns)
    record(TransposedLinear(x, y, weight))
    return y
  }
}
