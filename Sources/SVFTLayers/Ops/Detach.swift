// The same numbers without their gradient.
//
//   forward   y = x
//   backward  nothing
//
// For paths that give gradients to their parameters alone (Projection.swift).
import SVFTTensor

/// y = x [T, width], through which no gradient flows.
final class Detach: Op {
  let x: Value
  let y: Value
  /// Rows that one member copies at a time.
  private static let block = 16

  init(_ x: Value, _ y: Value) {
    self.x = x
    self.y = y
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [] }
  var passesGradient: Bool { false }

  func forward(_ run: Run) {
    let (from, to) = (run.pointer(x), run.pointer(y))
    for rows in run.blocks(of: run.rows, by: Self.block) {
      let start = rows.lowerBound * x.width
      (to + start).update(from: from + start, count: rows.count * x.width)
    }
  }

  func backward(_ run: Run) {}
}

extension Graph {
  /// The numbers of `x` for paths that give it no gradient, copied once for all of them.
  func detached(_ x: Value) -> Value {
    for case let earlier as Detach in ops.reversed() where earlier.x == x { return earlier.y }
    let y = value(width: x.width)
    record(Detach(x, y))
    return y
  }
}
