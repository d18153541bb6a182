// The op that turns activations into singular directions, or back (Directions.swift): the one the
// transpose of the other, so that each is the other's gradient. Nothing is kept.
import SVFTLayers
import SVFTTensor

/// z = B x, or y = Bᵀ z.
final class DirectionProduct: Op {
  private let x: Value
  private let y: Value
  private let directions: Directions
  private let isInward: Bool
  private let scope: LaneScope?

  init(
    _ x: Value, _ y: Value, _ directions: Directions, isInward: Bool, _ scope: LaneScope? = nil
  ) {
    self.scope = scope
    self.x = x
    self.y = y
    self.directions = directions
    self.isInward = isInward
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [] }
  var memberScratch: Int { directions.scratchBytes }

  func products(_ run: Run) -> (forward: Int, backward: Int) {
    let all = directions.width * directions.order
    return (run.rows(of: scope).count * all, run.target(0) == nil ? 0 : run.rows * all)
  }

  func forward(_ run: Run) {
    multiply(
      run.rows(of: scope), run.pointer(x), run.pointer(y), accumulate: false, isInward: isInward,
      run)
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y), let dx = run.target(0) else { return }
    multiply(0..<run.rows, g, dx.pointer, accumulate: dx.accumulate, isInward: !isInward, run)
  }

  private func multiply(
    _ rows: Range<Int>, _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>,
    accumulate: Bool, isInward: Bool, _ run: Run
  ) {
    guard !rows.isEmpty else { return }
    let batch = run.batch
    let widths =
      isInward ? (directions.width, directions.order) : (directions.order, directions.width)
    let product = Directions.Product(
      source: source + rows.lowerBound * widths.0, target: target + rows.lowerBound * widths.1,
      tokens: rows.count, accumulate: accumulate, team: run.team, scratch: run.scratch,
      matrix: { $0.matrix(in: batch) })
    if isInward { directions.inward(product) } else { directions.outward(product) }
  }
}

extension Graph {
  /// Records z = B x. [T, width] → [T, order]
  func inward(_ x: Value, _ directions: Directions) throws(SVFTError) -> Value {
    try invariant(x.width == directions.width, "directions of another width")
    let z = value(width: directions.order)
    record(DirectionProduct(x, z, directions, isInward: true, scope))
    return z
  }

  /// Records y = Bᵀ z. [T, order] → [T, width]
  func outward(_ z: Value, _ directions: Directions) throws(SVFTError) -> Value {
    try invariant(z.width == directions.order, "directions of another order")
    let y = value(width: directions.width)
    record(DirectionProduct(z, y, directions, isInward: false, scope))
    return y
  }
}
