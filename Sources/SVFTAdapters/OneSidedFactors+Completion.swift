// What W makes of rounded directions, measured: how long it is, and how far from W's own direction.
//
//   lengths_i = ‖W v̂_i‖       errors_i = ‖W v̂_i / lengths_i − u_i‖
//
// From the first direction on that is off by too much they stay exact, and lengths are σ.
import SVFTLayers
import SVFTTensor

/// What W makes of rounded directions, measured.
struct Completion {
  let factors: Factors
  let weight: Weight
  let isRight: Bool
  let rowOrder: RowOrder
  /// ‖W v̂_i‖; σ where directions are exact.
  var lengths: [Double]
  /// Distance of what W makes of each from W's own singular vector.
  var errors: [Double]
  private let ties: [Bool]
  /// Directions measured at a time.
  private static let block = 64

  init(_ factors: Factors, _ weight: Weight, isRight: Bool, _ rowOrder: RowOrder) {
    self.rowOrder = rowOrder
    self.factors = factors
    self.weight = weight
    self.isRight = isRight
    lengths = factors.values.sigma
    errors = [Double](repeating: 0, count: factors.values.order)
    ties = factors.values.tied()
  }

  /// Directions without cells: tied ones, and those whose lengths cannot be divided by.
  var tied: [Bool] {
    let limit = OneSidedFactors.steadyRatio * (factors.values.sigma.first ?? 0)
    if MemoryLedger.isRehearsing { return ties }
    return zip(ties, lengths).map { $0 || !($1 > limit) }
  }

  /// Directions from the first one on that rounding spoils.
  var exactCount: Int {
    let first = errors.indices.first { errors[$0] > OneSidedFactors.errorLimit && !ties[$0] }
    return errors.count - (first ?? errors.count)
  }

  /// Fills lengths and errors for rounded directions [n, width].
  mutating func measure(_ rounded: Weight) throws(SVFTError) {
    let (order, width) = (rounded.rows, rounded.columns)
    let outer = isRight ? weight.rows : weight.columns
    let decoded = try Buffer(of: Float.self, count: Self.block * width)
    let made = try Buffer(of: Float.self, count: Self.block * outer)
    let maker = try OtherSide(weight, isRight: isRight, rowOrder, directions: Self.block)
    guard !MemoryLedger.isRehearsing else { return }
    defer { withExtendedLifetime((decoded, made)) {} }
    let from = decoded.pointer.assumingMemoryBound(to: Float.self)
    let to = made.pointer.assumingMemoryBound(to: Float.self)
    for first in stride(from: 0, to: order, by: Self.block) {
      let block = first..<min(order, first + Self.block)
      rounded.decode(rows: block, into: from)
      maker.make(from, count: block.count, into: to)
      for index in block { compare(index, to + (index - first) * outer, count: outer) }
    }
  }

  /// Notes length and error of one direction that W made.
  private mutating func compare(_ index: Int, _ made: UnsafePointer<Float>, count: Int) {
    let length = Kernels.sumOfSquares(made, count: count).squareRoot()
    // W's own: a column of U [out, n], or a row of Vᵀ [n, in].
    let order = factors.values.order
    let (start, step) = isRight ? (index, order) : (index * count, 1)
    let own = (isRight ? factors.left : factors.right).bytes.values(Float.self)
    var product = 0.0
    for k in 0..<count { product += Double(made[k]) * Double(own[start + k * step]) }
    lengths[index] = length
    errors[index] = length > 0 ? max(0, 2 - 2 * product / length).squareRoot() : 2
  }

  /// Rounded directions up to the first that is spoilt, and exact ones from there on, whose lengths
  /// are the singular values.
  mutating func runs(_ rounded: Weight, _ exact: Weight) throws(SVFTError) -> [Weight] {
    let kept = errors.count - exactCount
    for index in kept..<errors.count { lengths[index] = factors.values.sigma[index] }
    guard kept < errors.count else { return [rounded] }
    guard kept > 0 else { return [exact] }
    return [try rounded.copyingRows(0..<kept), try exact.copyingRows(kept..<exact.rows)]
  }

  func invert(into buffer: Buffer) {
    guard !MemoryLedger.isRehearsing else { return }
    let target = buffer.values(Float.self)
    let left = tied
    for (index, length) in lengths.enumerated() {
      target[index] = left[index] || length == 0 ? 0 : Float(1 / length)
    }
  }
}

/// What W makes of directions of one side: W v, or Wᵀ u.
struct OtherSide {
  private let weight: Weight
  private let isRight: Bool
  private let rowOrder: RowOrder
  private let turned: Buffer
  private let scratch: Buffer

  /// For `directions` of them at a time; u in `rowOrder`'s canonical order.
  ///
  /// Throws `.memory`.
  init(
    _ weight: Weight, isRight: Bool, _ rowOrder: RowOrder, directions: Int
  ) throws(SVFTError) {
    self.weight = weight
    self.isRight = isRight
    self.rowOrder = rowOrder
    turned = try Buffer(
      of: Float.self,
      count: rowOrder == .canonical ? 0 : Checked.product(directions, weight.rows, "directions"))
    scratch = try Buffer(byteCount: weight.scratchBytes)
  }

  /// [count, width] → [count, the other width]
  func make(
    _ directions: UnsafePointer<Float>, count: Int, into target: UnsafeMutablePointer<Float>
  ) {
    defer { withExtendedLifetime((turned, scratch)) {} }
    let (rows, columns) = (weight.rows, weight.columns)
    if isRight {
      return weight.matrix.product(
        rows: 0..<rows, directions, tokens: count, into: target, ldy: rows,
        scratch: scratch.pointer)
    }
    var source = directions
    if rowOrder != .canonical {
      let place = turned.pointer.assumingMemoryBound(to: Float.self)
      rowOrder.move(directions, into: place, count: count, width: rows, toStored: true)
      source = UnsafePointer(place)
    }
    weight.matrix.transposedProduct(
      columns: 0..<columns, source, ldg: rows, tokens: count, into: target, ldx: columns,
      scratch: scratch.pointer)
  }
}
