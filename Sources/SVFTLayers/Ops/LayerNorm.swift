// Layer normalisation of rows (Ba, Kiros and Hinton, 2016).
//
//   forward   m = mean_k x, r = 1 / √(mean_k (x − m)² + ε), n = (x − m) · r      y = n · w + b
//   backward  dx = r · (w·dy − mean_k(w·dy) − n · mean_k(w·dy·n))
//             dw[k] += Σ_t dy[t, k] · n[t, k]      db[k] += Σ_t dy[t, k]
//
// Keeps x and the two numbers (m, r) of each row.
import SVFTTensor

/// y = w · (x − mean) / deviation + b.
final class LayerNorm: RowOp {
  private let x: Value
  private let y: Value
  /// The means of all rows, then their inverse deviations.
  private let moments: Value
  private let weight: VectorOperand
  private let bias: VectorOperand
  private let epsilon: Float

  init(
    _ values: (x: Value, y: Value, moments: Value), _ weight: Slot, _ bias: Slot, _ epsilon: Float
  ) {
    (x, y, moments) = values
    self.weight = VectorOperand(weight)
    self.bias = VectorOperand(bias)
    self.epsilon = epsilon
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y, moments] }
  var keeps: [Value] { [x, moments] }
  var parameters: [Parameter] { [weight.trained, bias.trained].compactMap { $0 } }
  var memberScratch: Int { weight.scratchBytes + bias.scratchBytes }

  /// One row, as the kernels take it.
  private func norm(_ w: UnsafePointer<Float>) -> Kernels.Norm {
    Kernels.Norm(rows: 1, width: x.width, weight: w, epsilon: epsilon)
  }

  func forward(_ run: Run, rows: StrideTo<Int>) {
    let width = x.width
    let (x, y) = (run.pointer(x), run.pointer(y))
    let (means, inverses) = (run.pointer(moments), run.pointer(moments) + run.rows)
    let w = weight.values(run.scratch)
    let b = bias.values(run.scratch + weight.scratchBytes)
    for row in rows {
      Kernels.layerNorm(
        norm(w), bias: b, x + row * width, into: y + row * width, mean: means + row,
        inverse: inverses + row)
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y) else { return }
    let width = x.width
    let x = run.pointer(x)
    let (means, inverses) = (run.pointer(moments), run.pointer(moments) + run.rows)
    if let target = run.target(0) {
      let w = weight.values(run.scratch)
      for row in run.team.share(of: run.rows) {
        Kernels.layerNormBackward(
          norm(w), x + row * width, mean: means + row, inverse: inverses + row, g + row * width,
          into: target.pointer + row * width, dweight: nil, dbias: nil,
          accumulate: target.accumulate)
      }
    }
    guard weight.trained != nil || bias.trained != nil else { return }
    for columns in run.blocks(of: width, by: Weight.chunk) {
      for row in 0..<run.rows {
        let (x, g) = (x + row * width, g + row * width)
        if let dw = weight.gradient {
          let (m, r) = (means[row], inverses[row])
          for k in columns { dw[k] += g[k] * (x[k] - m) * r }
        }
        if let db = bias.gradient {
          for k in columns { db[k] += g[k] }
        }
      }
    }
  }
}

extension Graph {
  /// Records w · (x − mean) / √(variance + ε) + b of each row. [T, width]
  package func layerNorm(_ x: Value, weight: Slot, bias: Slot, epsilon: Float) -> Value {
    let y = value(width: x.width)
    record(LayerNorm((x, y, value(width: 2)), weight, bias, epsilon))
    return y
  }
}
