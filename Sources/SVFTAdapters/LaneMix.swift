// The op between the factors where each row may have another M:
//
//   y[t] = s_l·c_l·M_l x[t]        l the lane of row t; other rows are left as they are
//
// Members take panels of a window in turn: with one row each, eight lanes are eight pieces of work.
// For inference: nothing is trained by lanes.
import SVFTLayers
import SVFTTensor

/// y = s_l · c_l · M_l x on the rows of each lane l.
final class LaneMix: Op {
  /// What one lane multiplies with.
  struct Part {
    /// Its number among the graph's.
    let lane: Int
    let coefficients: Coefficients
    let scale: Float
  }

  /// Rows that one member takes together: whole panels of SparseProduct.
  private static let block = 64
  private let x: Value
  private let y: Value
  /// By lane.
  private let parts: [Part?]

  init(_ x: Value, _ y: Value, _ parts: [Part], of lanes: Int) {
    self.x = x
    self.y = y
    var table = [Part?](repeating: nil, count: lanes)
    for part in parts where table.indices.contains(part.lane) { table[part.lane] = part }
    self.parts = table
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [] }
  var passesGradient: Bool { false }
  var memberScratch: Int { SparseProduct.memberScratch(order: x.width) }

  func forward(_ run: Run) {
    let (x, y, width) = (run.pointer(x), run.pointer(y), x.width)
    var dealt = 0
    for window in run.batch.windows {
      guard parts.indices.contains(window.lane), let part = parts[window.lane] else { continue }
      for first in stride(from: window.rows.lowerBound, to: window.rows.upperBound, by: Self.block)
      {
        defer { dealt += 1 }
        guard dealt % run.team.size == run.team.id else { continue }
        part.coefficients.product.product(
          x + first * width, into: y + first * width, transposed: false,
          scale: part.scale * part.coefficients.gateValue, accumulate: false,
          tokens: min(Self.block, window.rows.upperBound - first), team: .alone,
          scratch: run.scratch)
      }
    }
  }

  func backward(_ run: Run) {}
}
