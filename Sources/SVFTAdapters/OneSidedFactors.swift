// One factor of a matrix, in any element format; W makes the other of it:
//
//   out ≥ in   V̂ as stored,  û_i := W v̂_i / ‖W v̂_i‖       out < in   Û as stored,  v̂_i := Wᵀ û_i / ‖Wᵀ û_i‖
//
// This is the definition of the adapter, not an approximation of it: output, gradient and merged
// matrix all use it, and the directions that W makes have length 1 whatever rounding did. But they
// are no longer W's singular ones where σ is small: rounding of v̂ has parts along large σ, and W
// enlarges those. From the first direction on that is off by more than `errorLimit` they are kept
// in F32; those that cannot be divided by their σ are left out.
import SVFTLayers
package import SVFTTensor

/// A factor and the lengths of what W makes of it.
package final class OneSidedFactors: @unchecked Sendable {
  /// Largest distance of a direction that W completes from W's own, by its length.
  static let errorLimit = 0.02
  /// σ below this part of σ₁ cannot be divided by: rounding would grow beyond the change.
  static let steadyRatio = 1e-6

  package let values: SingularValues
  let side: OneSide
  /// What `directions` are rounded to, as far as they are.
  package let format: any ElementFormat
  /// Directions that are kept in F32 because rounding would spoil them.
  package let exactCount: Int
  /// Directions without cells.
  let tied: [Bool]
  /// Products that recognise the singular vectors before rounding (FactorProbe).
  let probe: FactorProbe.Products

  /// Rounds one factor of `factors`, which are those of the slot's matrix.
  ///
  /// Throws `.memory`.
  init(_ factors: Factors, of slot: Slot, as wanted: any ElementFormat) throws(SVFTError) {
    let isRight = slot.weight.rows >= slot.weight.columns
    let width = min(slot.weight.rows, slot.weight.columns)
    let format = wanted.fits(columns: width) ? wanted : ElementFormats.f16
    // Blocks are those of files in canonical order.
    let rowOrder = isRight || format.blockLength == 1 ? .canonical : slot.rowOrder
    let exact = try isRight ? factors.right : factors.turnedLeft(rowOrder)
    var completion = Completion(factors, slot.weight, isRight: isRight, rowOrder)
    let isExact = format.name == ElementFormats.f32.name
    // Memory of their own: what solvers and cache files give keeps both factors alive.
    var runs = [isExact && isRight ? try exact.copyingRows(0..<exact.rows) : exact]
    if !isExact {
      let rounded = try exact.encoded(as: format)
      try completion.measure(rounded)
      runs = try completion.runs(rounded, exact)
    }
    let inverse = try Buffer(of: Float.self, count: factors.values.order)
    completion.invert(into: inverse)
    values = factors.values
    side = OneSide(
      directions: Directions(rows: runs), inverse: inverse, isRight: isRight, rowOrder: rowOrder)
    self.format = format
    exactCount = isExact ? values.order : completion.exactCount
    tied = completion.tied
    probe = try FactorProbe(factors, of: slot).everything()
  }

  package var byteCount: Int { side.directions.byteCount }
}

/// One factor as the one-sided form uses it.
struct OneSide: Sendable {
  let directions: Directions
  /// 1/‖W v̂_i‖, or 1/‖Wᵀ û_i‖, F32; 0 where no cell may be.
  let inverse: Buffer
  /// Whether the directions are V of a matrix with out ≥ in; else U.
  let isRight: Bool
  /// What of rows of W must be turned before they meet U.
  let rowOrder: RowOrder

  /// Every row of `values` [rows, order] times the inverse lengths.
  func divide(_ values: UnsafeMutablePointer<Float>, rows: Int) {
    let (order, lengths) = (
      directions.order, inverse.pointer.assumingMemoryBound(to: Float.self)
    )
    for row in 0..<rows {
      let place = values + row * order
      Kernels.multiply(place, lengths, into: place, count: order)
    }
  }
}

/// What W makes of rounded directions, measured.
private struct Completion {
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

extension Factors {
  /// Uᵀ [n, out], its columns brought out of `rowOrder`.
  ///
  /// Throws `.memory`.
  fileprivate func turnedLeft(_ rowOrder: RowOrder) throws(SVFTError) -> Weight {
    let turned = try left.bytes.turned(rows: left.rows, columns: order)
    guard rowOrder != .canonical, !MemoryLedger.isRehearsing else { return turned }
    let moved = try Buffer(byteCount: turned.bytes.byteCount)
    rowOrder.move(
      turned.bytes.pointer.assumingMemoryBound(to: Float.self),
      into: moved.pointer.assumingMemoryBound(to: Float.self), count: order, width: left.rows,
      toStored: false)
    return try Weight(
      format: ElementFormats.f32, rows: order, columns: left.rows, bytes: moved)
  }
}

extension Weight {
  /// These F32 rows in another format.
  ///
  /// Throws `.memory`.
  fileprivate func encoded(as format: any ElementFormat) throws(SVFTError) -> Weight {
    let target = try Buffer(
      byteCount: Checked.product(rows, format.rowBytes(columns), "rounded directions"))
    if !MemoryLedger.isRehearsing {
      format.encode(
        bytes.pointer.assumingMemoryBound(to: Float.self), count: rows * columns,
        into: target.pointer)
    }
    return try Weight(format: format, rows: rows, columns: columns, bytes: target)
  }

  /// Some rows in memory of their own, so that the others can go.
  fileprivate func copyingRows(_ range: Range<Int>) throws(SVFTError) -> Weight {
    let rowBytes = format.rowBytes(columns)
    let target = try Buffer(byteCount: Checked.product(range.count, rowBytes, "directions"))
    target.pointer.copyMemory(
      from: bytes.pointer + range.lowerBound * rowBytes, byteCount: target.byteCount)
    return try Weight(format: format, rows: range.count, columns: columns, bytes: target)
  }
}
