// A product with a matrix of each lane's own, on the rows of that lane alone:
//
//   y[t] = s_l · W_l x[t]        l the lane of row t; other rows are left as they are
//
// Matrices may have different heights and widths. Where one is smaller than the values that it
// stands between, the numbers of a window lie densely at the window's beginning: rank r of 8 gives
// [count, r] there, and the matrix that follows reads them so. For inference: nothing is trained by
// lanes. A pair of such ops is the grouped product of arXiv 2311.03285 and 2310.18547.
package import SVFTTensor

/// A matrix and a factor for the rows of one lane.
package struct LaneMatrix {
  let lane: Int
  let weight: Weight
  let scale: Float

  /// The lane is a number among the graph's.
  package init(lane: Int, _ weight: Weight, scale: Float = 1) {
    self.lane = lane
    self.weight = weight
    self.scale = scale
  }
}

/// y = s_l W_l x on the rows of each lane l.
final class LaneLinear: Op {
  /// Rows of a window that one member takes together where a matrix is too low to be shared out.
  private static let block = 64
  private let x: Value
  private let y: Value
  /// By lane.
  private let matrices: [LaneMatrix?]

  init(_ x: Value, _ y: Value, _ matrices: [LaneMatrix], of lanes: Int) {
    self.x = x
    self.y = y
    var table = [LaneMatrix?](repeating: nil, count: lanes)
    for matrix in matrices where table.indices.contains(matrix.lane) {
      table[matrix.lane] = matrix
    }
    self.matrices = table
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [] }
  var passesGradient: Bool { false }
  var memberScratch: Int { matrices.compactMap { $0?.weight.scratchBytes }.max() ?? 0 }

  func products(_ run: Run) -> (forward: Int, backward: Int) {
    let windows = run.batch.windows.filter { matrices.indices.contains($0.lane) }
    let all = windows.reduce(0) { sum, window in
      let weight = matrices[window.lane]?.weight
      return sum + window.rows.count * (weight?.rows ?? 0) * (weight?.columns ?? 0)
    }
    return (all, 0)
  }

  func forward(_ run: Run) {
    var dealt = 0
    for window in run.batch.windows {
      guard matrices.indices.contains(window.lane), let own = matrices[window.lane] else {
        continue
      }
      if own.weight.rowChunks > 1 {
        multiply(own, rows: own.weight.rows(of: run.team), 0..<window.rows.count, window, run)
        continue
      }
      for first in stride(from: 0, to: window.rows.count, by: Self.block) {
        if dealt % run.team.size == run.team.id {
          let part = first..<min(window.rows.count, first + Self.block)
          multiply(own, rows: 0..<own.weight.rows, part, window, run)
        }
        dealt += 1
      }
    }
  }

  /// Rows of a matrix times tokens `part` of a window.
  private func multiply(
    _ own: LaneMatrix, rows: Range<Int>, _ part: Range<Int>, _ window: LaneWindow, _ run: Run
  ) {
    guard !rows.isEmpty else { return }
    let (weight, first) = (own.weight, window.rows.lowerBound)
    weight.matrix(in: run.batch).product(
      rows: rows, run.pointer(x) + first * x.width + part.lowerBound * weight.columns,
      tokens: part.count, into: run.pointer(y) + first * y.width + part.lowerBound * weight.rows,
      ldy: weight.rows, Kernels.Update(alpha: own.scale, accumulate: false), scratch: run.scratch)
  }

  func backward(_ run: Run) {}
}

extension Graph {
  /// Records the product of each lane's rows with its own matrix. [T, columns] → [T, width], width
  /// the height of the highest.
  ///
  /// Throws `.shape` for matrices that are wider than `x`.
  package func linear(_ x: Value, lanes matrices: [LaneMatrix]) throws(SVFTError) -> Value {
    try invariant(!training, "lanes in a graph that trains")
    let widest = matrices.map(\.weight.columns).max() ?? 0
    guard widest <= x.width else {
      throw SVFTError(
        .shape, "expected a matrix of at most \(x.width) columns for a lane, found \(widest)")
    }
    let y = value(width: matrices.map(\.weight.rows).max() ?? 1)
    record(LaneLinear(x, y, matrices, of: lanes.count))
    return y
  }
}
