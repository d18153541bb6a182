// The rows of a table of relative positions that a step reaches, in a value with rows of its own.
//
//   forward   y[r] = table[first + r]            backward  dtable[first + r] += dy[r]
//
// A row outside the table reads as zeros, so that memory stays safe.
import SVFTTensor

/// y[r] = table[first + r] for the rows that the step's longest sequence reaches.
final class RelativeTable: Op {
  private let y: Value
  private let table: Weight
  private let trained: Parameter?
  private let positions: RelativePositions

  init(_ table: Slot, _ positions: RelativePositions, _ y: Value) {
    self.table = table.current
    trained = table.standIn
    self.positions = positions
    self.y = y
  }

  var reads: [Value] { [] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [] }
  var parameters: [Parameter] { [trained].compactMap { $0 } }

  func forward(_ run: Run) {
    let (y, width) = (run.pointer(y), table.columns)
    let rows = positions.rows(in: run.batch)
    for row in run.team.share(of: rows.count) {
      let entry = rows.lowerBound + row
      let target = y + row * width
      if entry >= 0, entry < table.rows {
        table.decode(rows: entry..<entry + 1, into: target)
      } else {
        target.update(repeating: 0, count: width)
      }
    }
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y), let gradient = trained?.gradients.baseAddress else { return }
    let width = table.columns
    let rows = positions.rows(in: run.batch)
    for row in run.team.share(of: rows.count) {
      let entry = rows.lowerBound + row
      guard entry >= 0, entry < table.rows else { continue }
      Kernels.add(g + row * width, to: gradient + entry * width, count: width)
    }
  }
}

extension Graph {
  /// Records the rows of `table` [2 · span, columns] that a step reaches.
  ///
  /// → [rows reached, columns]
  package func relativeRows(of table: Slot, _ positions: RelativePositions) -> Value {
    over(.relative(positions)) {
      let y = value(width: table.current.columns)
      record(RelativeTable(table, positions, y))
      return y
    }
  }
}
