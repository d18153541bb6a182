// Root-mean-square normalisation of rows (Zhang and Sennrich, 2019).
//
//   forward   r[t] = 1 / √(mean_k x[t, k]² + ε)      y = x · r · w
//   backward  dx = r · (w·dy − x · r² · mean_k(w·dy·x))      dw[k] += Σ_t dy[t, k] · x[t, k] · r[t]
//
// A row may be several groups side by side (the heads of queries and keys), each normalised with
// the same w. Where weights are stored around zero, w is what is stored and one (Gemma). Keeps x
// and r, one number per group.
package import SVFTTensor

/// y = w · x / rms(x).
final class RMSNorm: RowOp {
  private let x: Value
  private let y: Value
  private let inverse: Value
  private let weight: VectorOperand
  private let epsilon: Float
  /// What is added to the stored weights.
  private let offset: Float

  init(
    _ values: (x: Value, y: Value, inverse: Value), _ weight: VectorOperand, epsilon: Float,
    offset: Float
  ) {
    (x, y, inverse) = values
    self.weight = weight
    self.epsilon = epsilon
    self.offset = offset
  }

  /// Width of a group.
  private var width: Int { weight.width }
  private var groups: Int { inverse.width }

  var reads: [Value] { [x] }
  var writes: [Value] { [y, inverse] }
  var keeps: [Value] { [x, inverse] }
  var parameters: [Parameter] { [weight.trained].compactMap { $0 } }
  var memberScratch: Int { weight.scratchBytes + width * MemoryLayout<Float>.stride }

  /// The groups of one row, as the kernels take them.
  private func norm(_ run: Run) -> Kernels.Norm {
    var w = weight.values(run.scratch)
    if offset != 0 {
      let shifted = (run.scratch + weight.scratchBytes).assumingMemoryBound(to: Float.self)
      for k in 0..<width { shifted[k] = w[k] + offset }
      w = UnsafePointer(shifted)
    }
    return Kernels.Norm(rows: groups, width: width, weight: w, epsilon: epsilon)
  }

  func forward(_ run: Run, rows: StrideTo<Int>) {
    let width = x.width
    let (x, y, inverse) = (run.pointer(x), run.pointer(y), run.pointer(inverse))
    let norm = norm(run)
    for row in rows {
      Kernels.rmsNorm(
        norm, x + row * width, into: y + row * width, inverse: inverse + row * groups)
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y) else { return }
    let width = x.width
    let (x, inverse) = (run.pointer(x), run.pointer(inverse))
    if let target = run.target(0) {
      let norm = norm(run)
      for row in run.team.share(of: run.rows) {
        Kernels.rmsNormBackward(
          norm, x + row * width, inverse: inverse + row * groups, g + row * width,
          into: target.pointer + row * width, dweight: nil, accumulate: target.accumulate)
      }
    }
    guard let dw = weight.gradient else { return }
    for columns in run.blocks(of: self.width, by: Weight.chunk) {
      for group in 0..<run.rows * groups {
        let place = group * self.width
        let (x, g, r) = (x + place, g + place, inverse[group])
        for k in columns { dw[k] += g[k] * x[k] * r }
      }
    }
  }
}

extension Graph {
  /// Records (w + offset) · x / √(mean x² + ε) of each group of a row that is as wide as w.
  ///
  /// `.shape` where a row is no whole number of groups. [T, width]
  package func rmsNorm(
    _ x: Value, weight: Slot, epsilon: Float, offset: Float = 0
  ) throws(SVFTError) -> Value {
    let operand = VectorOperand(weight)
    guard operand.width > 0, x.width % operand.width == 0 else {
      throw SVFTError(
        .shape,
        "\(weight.name): expected a width that divides \(x.width), found \(operand.width)")
    }
    let y = value(width: x.width)
    let inverse = value(width: x.width / operand.width)
    record(RMSNorm((x, y, inverse), operand, epsilon: epsilon, offset: offset))
    return y
  }
}
