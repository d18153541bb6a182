// Layer normalisation of rows (Ba, Kiros and Hinton, 2016).
//
//   forward   m = mean_k x, r = 1 / √(mean_k (x − m)² + ε), n = (x − m) · r      y = n · w + b
//   backward  dx = r · (w·dy − mean_k(w·dy) − n · mean_k(w·dy·n))
//             dw[k] += Σ_t dy[t, k] · n[t, k]      db[k] += Σ_t dy[t, k]
//
// Keeps x and the two numbers (m, r) of each row.
import SVFTTensor

/// y = w · (x − mean) / deviation + b.
final class LayerNorm: Op {
  private let x: Value
  private let y: Value
  /// [T, 2]: mean and inverse deviation.
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

  func forward(_ run: Run) {
    let width = x.width
    let (x, y, moments) = (run.pointer(x), run.pointer(y), run.pointer(moments))
    let w = weight.values(run.scratch)
    let b = bias.values(run.scratch + weight.scratchBytes)
    for row in run.team.share(of: run.rows) {
      let (x, y) = (x + row * width, y + row * width)
      var sum = 0.0
      for k in 0..<width { sum += Double(x[k]) }
      let mean = sum / Double(width)
      var squares = 0.0
      for k in 0..<width {
        let deviation = Double(x[k]) - mean
        squares += deviation * deviation
      }
      let m = Float(mean)
      let r = Float(1 / (squares / Double(width) + Double(epsilon)).squareRoot())
      for k in 0..<width { y[k] = (x[k] - m) * r * w[k] + b[k] }
      moments[2 * row] = m
      moments[2 * row + 1] = r
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y) else { return }
    if let target = run.target(0) { passBack(g, to: target, run) }
    guard weight.trained != nil || bias.trained != nil else { return }
    let width = x.width
    let (x, moments) = (run.pointer(x), run.pointer(moments))
    for columns in run.blocks(of: width, by: Weight.chunk) {
      for row in 0..<run.rows {
        let (x, g) = (x + row * width, g + row * width)
        let (m, r) = (moments[2 * row], moments[2 * row + 1])
        if let dw = weight.gradient {
          for k in columns { dw[k] += g[k] * (x[k] - m) * r }
        }
        if let db = bias.gradient {
          for k in columns { db[k] += g[k] }
        }
      }
    }
  }

  private func passBack(_ g: UnsafeMutablePointer<Float>, to target: GradientTarget, _ run: Run) {
    let width = x.width
    let (x, moments) = (run.pointer(x), run.pointer(moments))
    let w = weight.values(run.scratch)
    for row in run.team.share(of: run.rows) {
      let (x, g, dx) = (x + row * width, g + row * width, target.pointer + row * width)
      let (m, r) = (moments[2 * row], moments[2 * row + 1])
      var (sum, along) = (0.0, 0.0)
      for k in 0..<width {
        let scaled = Double(w[k] * g[k])
        sum += scaled
        along += scaled * Double((x[k] - m) * r)
      }
      let (meanSum, meanAlong) = (Float(sum / Double(width)), Float(along / Double(width)))
      for k in 0..<width {
        let n = (x[k] - m) * r
        dx[k] =
          (target.accumulate ? dx[k] : 0) + r * (w[k] * g[k] - meanSum - n * meanAlong)
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
