// The linear product, with a frozen weight in any format or a trained F32 one.
//
//   forward   y[t, r]  = Σ_k W[r, k] x[t, k] (+ b[r])
//   backward  dx[t, k] = Σ_r W[r, k] g[t, r]  dW[r, k] += Σ_t g[t, r] x[t, k]  db[r] += Σ_t g[t, r]
//
//
// Beside a frozen weight may stand a shadow [T, rows], another way to the same numbers: it takes g
// too and is never looked at. So parameters behind W are trained where W is rounded from them, as
// if rounding were no step at all (the straight-through estimate, Bengio et al., arXiv:1308.3432).
//
// x [T, columns], y [T, rows]. A frozen weight needs nothing kept; a trained one keeps x. How x and
// g are rounded for products with W is decided in Weight+Compute.swift. Within lanes (Lane.swift)
// only their rows are multiplied.
package import SVFTTensor

/// y = W x + b.
final class Linear: Op {
  private let x: Value
  /// x as integer products take it, where this one may be one.
  private let rounded: Value?
  private let y: Value
  private let weight: Weight
  private let trained: Parameter?
  private let bias: VectorOperand?
  private let shadow: Value?
  private let scope: LaneScope?

  /// `x` as it is and, where the product may read it, rounded.
  init(
    _ x: (exact: Value, rounded: Value?), _ y: Value, _ weight: Weight, _ trained: Parameter?,
    bias: VectorOperand?, shadow: Value?, _ scope: LaneScope?
  ) {
    self.x = x.exact
    rounded = x.rounded
    self.shadow = shadow
    self.scope = scope
    self.y = y
    self.weight = weight
    self.trained = trained
    self.bias = bias
  }

  /// What the product needs, then a decoded bias.
  var memberScratch: Int { productScratch + (bias?.scratchBytes ?? 0) }
  private var productScratch: Int { (weight.scratchBytes + 63) / 64 * 64 }

  var reads: [Value] { [x, rounded, shadow].compactMap { $0 } }
  var shadows: [Value] { [shadow].compactMap { $0 } }
  var writes: [Value] { [y] }
  var keeps: [Value] { trained == nil ? [] : [x] }
  var parameters: [Parameter] { [trained, bias?.trained].compactMap { $0 } }

  func forward(_ run: Run) {
    let y = run.pointer(y)
    let bias = bias?.values(run.scratch + productScratch)
    let rows = weight.rows(of: run.team)
    if let rounded, Rounding.acts(in: run.batch) {
      weight.matrix.integerProduct(
        rows: rows, run.pointer(rounded), tokens: run.rows, into: y, ldy: weight.rows,
        scratch: run.scratch)
    } else {
      let tokens = run.rows(of: scope)
      guard !tokens.isEmpty else { return }
      weight.matrix(in: run.batch).product(
        rows: rows, run.pointer(x) + tokens.lowerBound * weight.columns, tokens: tokens.count,
        into: y + tokens.lowerBound * weight.rows, ldy: weight.rows, scratch: run.scratch)
    }
    if let bias { add(bias, to: y, rows: rows, tokens: run.rows) }
  }

  private func add(
    _ bias: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, rows: Range<Int>, tokens: Int
  ) {
    let start = rows.lowerBound
    for token in 0..<tokens {
      Kernels.add(bias + start, to: y + token * weight.rows + start, count: rows.count)
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y) else { return }
    if let dx = run.target(0) {
      weight.matrix(in: run.batch).transposedProduct(
        columns: weight.columns(of: run.team), g, ldg: weight.rows, tokens: run.rows,
        into: dx.pointer, ldx: weight.columns, Kernels.Update(accumulate: dx.accumulate),
        scratch: run.scratch)
    }
    if shadow != nil, let target = run.target(reads.count - 1) { hand(g, to: target, run) }
    guard trained != nil || bias?.trained != nil else { return }
    let x = run.pointer(x)
    let rows = weight.rows(of: run.team)
    if let dW = trained?.gradients.baseAddress {
      Kernels.outerAccumulate(
        g, ldg: weight.rows, x, ldx: weight.columns, tokens: run.rows, rows: rows,
        columns: weight.columns, into: dW, scratch: run.scratch)
    }
    if let db = bias?.gradient {
      for token in 0..<run.rows {
        Kernels.add(
          g + token * weight.rows + rows.lowerBound, to: db + rows.lowerBound, count: rows.count)
      }
    }
  }
}

extension Linear {
  /// The gradient of y is that of the shadow.
  private func hand(_ g: UnsafePointer<Float>, to target: GradientTarget, _ run: Run) {
    for rows in run.blocks(of: run.rows, by: 16) {
      let (from, count) = (g + rows.lowerBound * weight.rows, rows.count * weight.rows)
      let to = target.pointer + rows.lowerBound * weight.rows
      if target.accumulate {
        Kernels.add(from, to: to, count: count)
      } else {
        to.update(from: from, count: count)
      }
    }
  }
}

extension Graph {
  /// Records y = W x + b with the slots' current tensors. [T, columns] → [T, rows]
  package func linear(_ x: Value, _ weight: Slot, bias: Slot?) throws(SVFTError) -> Value {
    try linear(x, weight.current, weight.standIn, bias: bias.map { VectorOperand($0) })
  }

  /// Records y = W x with a frozen matrix that is no tensor of the checkpoint (a factor).
  ///
  /// `shadow` [T, rows] takes the gradient of y too.
  package func linear(
    _ x: Value, frozen weight: Weight, shadow: Value? = nil
  ) throws(SVFTError) -> Value {
    if let shadow { try invariant(shadow.width == weight.rows, "a shadow of another width") }
    return try linear(x, weight, nil, bias: nil, shadow: shadow)
  }

  /// Records y = W x with a trained matrix.
  package func linear(_ x: Value, trained parameter: Parameter) throws(SVFTError) -> Value {
    try linear(x, parameter.weight, parameter, bias: nil)
  }

  private func linear(
    _ x: Value, _ weight: Weight, _ trained: Parameter?, bias: VectorOperand?,
    shadow: Value? = nil
  ) throws(SVFTError) -> Value {
    guard x.width == weight.columns else {
      throw SVFTError(
        .shape,
        "expected an input of width \(weight.columns) for a linear module, "
          + "found \(x.width)")
    }
    if let bias, bias.width != weight.rows {
      throw SVFTError(
        .shape, "expected a bias of width \(weight.rows) for a linear module, found \(bias.width)")
    }
    // Tiles of rounded rows cannot be entered in the middle.
    let rounded = trained == nil && scope == nil ? rounded(x, for: weight) : nil
    let y = value(width: weight.rows)
    record(Linear((x, rounded), y, weight, trained, bias: bias, shadow: shadow, scope))
    return y
  }
}
