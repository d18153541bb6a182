// The linear product, with a frozen weight in any format or a trained F32 one.
//
//   forward   y[t, r]  = Σ_k W[r, k] x[t, k] (+ b[r])
//   backward  dx[t, k] = Σ_r W[r, k] g[t, r]  dW[r, k] += Σ_t g[t, r] x[t, k]  db[r] += Σ_t g[t, r]
//
// To another value [T, rows] it may be added, y = a + s·W x: then a is y's bytes, and its gradient
// y's, where the plan can (Sharing.swift).
//
// Beside a frozen weight may stand a shadow [T, rows], another way to the same numbers: it takes g
// too and is never looked at. So parameters behind W are trained where W is rounded from them, as
// if rounding were no step at all (the straight-through estimate, Bengio et al., arXiv:1308.3432).
//
// x [T, columns], y [T, rows]. A frozen weight needs nothing kept; a trained one keeps x. How x and
// g are rounded for products with W is decided in Weight+Compute.swift. Within lanes (Lane.swift)
// only their rows are multiplied.
package import SVFTTensor

/// y = W x + b, or a + s·W x.
final class Linear: Op {
  /// What a product is added to, and times what.
  struct Addend {
    let value: Value
    let scale: Float
  }

  private let x: Value
  /// What rounds x where products with this weight take it so.
  private let rounding: Rounding?
  private let y: Value
  private let weight: Weight
  private let trained: Parameter?
  private let bias: VectorOperand?
  private let shadow: Value?
  private let addend: Addend?
  private let scope: LaneScope?

  /// `x` as it is and, where the product may read it, rounded: to 8 bit without an addend alone.
  init(
    _ x: (exact: Value, rounding: Rounding?), _ y: Value, _ weight: Weight, _ trained: Parameter?,
    bias: VectorOperand? = nil, shadow: Value? = nil, addedTo addend: Addend? = nil,
    _ scope: LaneScope? = nil
  ) {
    self.x = x.exact
    rounding = x.rounding
    self.shadow = shadow
    self.addend = addend
    self.scope = scope
    self.y = y
    self.weight = weight
    self.trained = trained
    self.bias = bias
  }

  /// What the product needs, then a decoded bias.
  var memberScratch: Int { productScratch + (bias?.scratchBytes ?? 0) }
  private var productScratch: Int { (weight.scratchBytes + 63) / 64 * 64 }

  var reads: [Value] { [x, rounding?.rounded, addend?.value, shadow].compactMap { $0 } }
  private var addendPlace: Int { rounding == nil ? 1 : 2 }
  var replaceable: [Int] { addend == nil ? [] : [addendPlace] }
  var handedOn: [Int] { replaceable + (shadow == nil ? [] : [reads.count - 1]) }
  var shadows: [Value] { [shadow].compactMap { $0 } }
  var writes: [Value] { [y] }
  var keeps: [Value] { trained == nil ? [] : [x] }
  var parameters: [Parameter] { [trained, bias?.trained].compactMap { $0 } }

  var kind: String { "Linear \(weight.rows)x\(weight.columns) \(weight.format.name)" }

  func products(_ run: Run) -> (forward: Int, backward: Int) {
    let all = weight.rows * weight.columns
    let back = (run.target(0) == nil ? 0 : 1) + (trained?.gradients.baseAddress == nil ? 0 : 1)
    return (run.rows(of: scope).count * all, run.rows * all * back)
  }

  func forward(_ run: Run) {
    let tokens = run.rows(of: scope)
    guard !tokens.isEmpty else { return }
    let y = run.pointer(y)
    let bias = bias?.values(run.scratch + productScratch)
    let part: Weight.Part
    if let rounding, Rounding.acts(rounding.form, for: weight, in: run) {
      part = Weight.Part(tokens: tokens, outputs: weight.rows(of: run.team))
      if let addend { copy(run.pointer(addend.value), to: y, part) }
      multiply(run.pointer(rounding.rounded), in: rounding.form, part, into: y, run)
    } else {
      part = weight.part(of: run.team, tokens: tokens)
      if let addend { copy(run.pointer(addend.value), to: y, part) }
      let first = part.tokens.lowerBound
      weight.matrix(in: run.batch).product(
        rows: part.outputs, run.pointer(x) + first * weight.columns, tokens: part.tokens.count,
        into: y + first * weight.rows, ldy: weight.rows, update, scratch: run.scratch)
    }
    if let bias { add(bias, to: y, part) }
  }

  /// All tokens, as tiles and bytes lie.
  private func multiply(
    _ rounded: UnsafePointer<Float>, in form: Rounding.Form, _ part: Weight.Part,
    into y: UnsafeMutablePointer<Float>, _ run: Run
  ) {
    switch form {
    case .bytes:
      weight.matrix.integerProduct(
        rows: part.outputs, rounded, tokens: run.rows, into: y, ldy: weight.rows,
        scratch: run.scratch)
    case .tiles:
      weight.matrix(in: run.batch).product(
        rows: part.outputs, rounded, tokens: run.rows, inTiles: true, into: y, ldy: weight.rows,
        update, scratch: run.scratch)
    }
  }

  private var update: Kernels.Update {
    Kernels.Update(alpha: addend?.scale ?? 1, accumulate: addend != nil)
  }

  private func copy(
    _ a: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, _ part: Weight.Part
  ) {
    guard a != y else { return }
    for token in part.tokens {
      let start = token * weight.rows + part.outputs.lowerBound
      (y + start).update(from: a + start, count: part.outputs.count)
    }
  }

  private func add(
    _ bias: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, _ part: Weight.Part
  ) {
    let start = part.outputs.lowerBound
    for token in part.tokens {
      Kernels.add(bias + start, to: y + token * weight.rows + start, count: part.outputs.count)
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y) else { return }
    let scale = addend?.scale ?? 1
    if let dx = run.target(0) {
      let part = weight.transposedPart(of: run.team, tokens: 0..<run.rows)
      let first = part.tokens.lowerBound
      weight.matrix(in: run.batch).transposedProduct(
        columns: part.outputs, g + first * weight.rows, ldg: weight.rows,
        tokens: part.tokens.count, into: dx.pointer + first * weight.columns, ldx: weight.columns,
        Kernels.Update(alpha: scale, accumulate: dx.accumulate), scratch: run.scratch)
    }
    if addend != nil, let target = run.target(addendPlace) { hand(g, to: target, run) }
    if shadow != nil, let target = run.target(reads.count - 1) { hand(g, to: target, run) }
    if let dW = trained?.gradients.baseAddress {
      let part = weight.gradientPart(of: run.team)
      Kernels.outerAccumulate(
        g, ldg: weight.rows, run.pointer(x), ldx: weight.columns, tokens: run.rows,
        rows: part.rows, columns: part.columns, scale: scale, into: dW, ldw: weight.columns,
        inBF16: weight.isRounded(in: run.batch), scratch: run.scratch)
    }
    if let db = bias?.gradient {
      let rows = weight.rows(of: run.team)
      for token in 0..<run.rows {
        Kernels.add(
          g + token * weight.rows + rows.lowerBound, to: db + rows.lowerBound, count: rows.count)
      }
    }
  }
}

extension Linear {
  /// The gradient of y is that of the shadow and of the addend.
  private func hand(_ g: UnsafePointer<Float>, to target: GradientTarget, _ run: Run) {
    guard target.pointer != g else { return }
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

  /// Records y = base + scale · W x with a trained matrix.
  package func linear(
    _ x: Value, trained parameter: Parameter, addedTo base: Value, scale: Float
  ) throws(SVFTError) -> Value {
    try linear(x, parameter.weight, parameter, addedTo: Linear.Addend(value: base, scale: scale))
  }

  /// Records y = base + W x with a frozen matrix that is no tensor of the checkpoint.
  package func linear(
    _ x: Value, frozen weight: Weight, addedTo base: Value
  ) throws(SVFTError) -> Value {
    try linear(x, weight, nil, addedTo: Linear.Addend(value: base, scale: 1))
  }

  private func linear(
    _ x: Value, _ weight: Weight, _ trained: Parameter?, addedTo addend: Linear.Addend
  ) throws(SVFTError) -> Value {
    try invariant(addend.value.width == weight.rows, "an addend of another width")
    // Products of some lanes alone leave other rows undefined, integer products add to nothing, and
    // two gradients of one value are written one after the other by two ops.
    guard scope == nil, addend.value != x,
      trained != nil || !weight.format.prefersIntegerActivations
    else {
      let product = try linear(x, weight, trained, bias: nil)
      return add(addend.value, product, scale: addend.scale)
    }
    try requireFit(x, weight)
    let rounding = trained == nil ? rounded(x, for: weight) : nil
    let y = value(width: weight.rows)
    record(Linear((x, rounding), y, weight, trained, addedTo: addend))
    return y
  }

  private func requireFit(_ x: Value, _ weight: Weight) throws(SVFTError) {
    guard x.width == weight.columns else {
      throw SVFTError(
        .shape,
        "expected an input of width \(weight.columns) for a linear module, "
          + "found \(x.width)")
    }
  }

  private func linear(
    _ x: Value, _ weight: Weight, _ trained: Parameter?, bias: VectorOperand?,
    shadow: Value? = nil
  ) throws(SVFTError) -> Value {
    try requireFit(x, weight)
    if let bias, bias.width != weight.rows {
      throw SVFTError(
        .shape, "expected a bias of width \(weight.rows) for a linear module, found \(bias.width)")
    }
    // Tiles of rounded rows cannot be entered in the middle.
    let rounding = scope == nil ? rounded(x, for: weight) : nil
    let y = value(width: weight.rows)
    multiplies(weight)
    record(
      Linear((x, rounding), y, weight, trained, bias: bias, shadow: shadow, scope))
    return y
  }
}
