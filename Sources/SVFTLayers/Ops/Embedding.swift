// Rows of a table, looked up by token, position or segment.
//
//   forward   y[t] = table[index[t]]
//   backward  dtable[index[t]] += dy[t]      each column by one owner, tokens in order
//
// The table may have any format: a row is decoded when it is looked up. Who fills a batch has
// checked the indices; one outside the table reads as zeros, so that memory stays safe.
import SVFTTensor

/// Which number of a row chooses the table's row.
package enum EmbeddingIndex: Sendable, Hashable { case tokens, positions, segments }

/// y[t] = table[index[t]].
final class Embedding: Op {
  private let y: Value
  private let table: Weight
  private let trained: Parameter?
  private let index: EmbeddingIndex

  init(_ table: Slot, by index: EmbeddingIndex, _ y: Value) {
    self.table = table.current
    self.trained = table.standIn
    self.index = index
    self.y = y
  }

  var reads: [Value] { [] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [] }
  var parameters: [Parameter] { [trained].compactMap { $0 } }

  private func indices(_ batch: Batch) -> UnsafeMutableBufferPointer<Int32> {
    switch index {
    case .tokens: batch.tokens
    case .positions: batch.positions
    case .segments: batch.segments
    }
  }

  func forward(_ run: Run) {
    let y = run.pointer(y)
    let indices = indices(run.batch)
    let width = table.columns
    for row in run.team.share(of: run.rows) {
      let entry = Int(indices[row])
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
    let indices = indices(run.batch)
    let width = table.columns
    for chunk in run.team.share(of: table.columnChunks) {
      let columns = table.columns(ofChunk: chunk)
      for row in 0..<run.rows {
        let entry = Int(indices[row])
        guard entry >= 0, entry < table.rows else { continue }
        Kernels.add(
          g + row * width + columns.lowerBound, to: gradient + entry * width + columns.lowerBound,
          count: columns.count)
      }
    }
  }
}

extension Graph {
  /// Records the rows of `table` chosen by each row's token, position or segment.
  ///
  /// → [T, columns]
  package func embed(table: Slot, by index: EmbeddingIndex) -> Value {
    let y = value(width: table.current.columns)
    record(Embedding(table, by: index, y))
    return y
  }
}
