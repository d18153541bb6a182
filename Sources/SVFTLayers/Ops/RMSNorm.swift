// Root-mean-square normalisation of rows (Zhang and Sennrich, 2019).
//
//   forward   r[t] = 1 / √(mean_k x[t, k]² + ε)      y = x · r · w
//   backward  dx = r · (w·dy − x · r² · mean_k(w·dy·x))      dw[k] += Σ_t dy[t, k] · x[t, k] · r[t]
//
// Keeps x and r, one number per row.
import SVFTTensor

/// y = w · x / rms(x).
final class RMSNorm: Op {
  private let x: Value
  private let y: Value
  private let inverse: Value
  private let weight: VectorOperand
  private let epsilon: Float

  init(_ x: Value, _ y: Value, inverse: Value, weight: VectorOperand, epsilon: Float) {
    self.x = x
    self.y = y
    self.inverse = inverse
    self.weight = weight
    self.epsilon = epsilon
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y, inverse] }
  var keeps: [Value] { [x, inverse] }
  var parameters: [Parameter] { [weight.trained].compactMap { $0 } }
  var memberScratch: Int { weight.scratchBytes }

  /// One row, as the kernels take it.
  private func norm(_ w: UnsafePointer<Float>) -> Kernels.Norm {
    Kernels.Norm(rows: 1, width: x.width, weight: w, epsilon: epsilon)
  }

  func forward(_ run: Run) {
    let width = x.width
    let (x, y, inverse) = (run.pointer(x), run.pointer(y), run.pointer(inverse))
    let w = weight.values(run.scratch)
    for row in run.team.share(of: run.rows) {
      Kernels.rmsNorm(
        norm(w), x + row * width, into: y + row * width, inverse: inverse + row)
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y) else { return }
    let width = x.width
    let (x, inverse) = (run.pointer(x), run.pointer(inverse))
    if let target = run.target(0) {
      let w = weight.values(run.scratch)
      for row in run.team.share(of: run.rows) {
        Kernels.rmsNormBackward(
          norm(w), x + row * width, inverse: inverse + row, g + row * width,
          into: target.pointer + row * width, dweight: nil, accumulate: target.accumulate)
      }
    }
    guard let dw = weight.gradient else { return }
    for columns in run.blocks(of: width, by: Weight.chunk) {
      for row in 0..<run.rows {
        let (x, g, r) = (x + row * width, g + row * width, inverse[row])
        for k in columns { dw[k] += g[k] * x[k] * r }
      }
    }
  }
}

extension Graph {
  /// Records w · x / √(mean x² + ε) of each row. [T, width]
  package func rmsNorm(_ x: Value, weight: Slot, epsilon: Float) -> Value {
    let y = value(width: x.width)
    record(
      RMSNorm(
        x, y, inverse: value(width: 1), weight: VectorOperand(weight), epsilon: epsilon))
    return y
  }
}
