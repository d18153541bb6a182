// The op that brings the columns of a value from the order in which a slot stores the rows of its
// matrix into canonical order, or back: directions whose blocks are rounded together must be
// blocks of one order, whichever file they came from.
//
//   y[t, i] = x[t, stored(i)]        or        y[t, stored(i)] = x[t, i]
import SVFTLayers
import SVFTTensor

/// y = x with its columns in another order.
final class ColumnOrder: Op {
  private let x: Value
  private let y: Value
  private let order: RowOrder
  private let isCanonical: Bool

  /// `isCanonical`: y is in canonical order, else x is.
  init(_ x: Value, _ y: Value, _ order: RowOrder, isCanonical: Bool) {
    self.x = x
    self.y = y
    self.order = order
    self.isCanonical = isCanonical
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [] }

  func forward(_ run: Run) {
    move(run.pointer(x), run.pointer(y), accumulate: false, isCanonical: isCanonical, run)
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y), let dx = run.target(0) else { return }
    move(g, dx.pointer, accumulate: dx.accumulate, isCanonical: !isCanonical, run)
  }

  private func move(
    _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, accumulate: Bool,
    isCanonical: Bool, _ run: Run
  ) {
    for row in run.team.share(of: run.rows) {
      let (from, to) = (source + row * x.width, target + row * x.width)
      for column in 0..<x.width {
        let stored = order.stored(column)
        let (old, new) = isCanonical ? (stored, column) : (column, stored)
        to[new] = accumulate ? to[new] + from[old] : from[old]
      }
    }
  }
}

extension RowOrder {
  /// `count` rows of numbers whose columns come into stored order, or out of it.
  func move(
    _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, count: Int,
    width: Int, toStored: Bool
  ) {
    for row in 0..<count {
      let (from, to) = (source + row * width, target + row * width)
      for column in 0..<width {
        let place = stored(column)
        if toStored { to[place] = from[column] } else { to[column] = from[place] }
      }
    }
  }
}

extension Graph {
  /// Records the columns of `x` in canonical order; `x` itself where they are.
  func canonical(_ x: Value, _ order: RowOrder) -> Value { reordered(x, order, isCanonical: true) }

  /// Records canonical columns as a slot stores them; `x` itself where that is canonical.
  func stored(_ x: Value, _ order: RowOrder) -> Value { reordered(x, order, isCanonical: false) }

  private func reordered(_ x: Value, _ order: RowOrder, isCanonical: Bool) -> Value {
    guard order != .canonical else { return x }
    let y = value(width: x.width)
    record(ColumnOrder(x, y, order, isCanonical: isCanonical))
    return y
  }
}
