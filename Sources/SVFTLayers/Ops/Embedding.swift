// Rows of a table, looked up by token, position or segment.
//
//   forward   y[t] = scale · table[index[t] + offset]
//   backward  dtable[index[t] + offset] += scale · dy[t]      each column by one owner, tokens in
//                                                             order
//
// The table may have any format: a row is decoded when it is looked up. Who fills a batch has
// checked the indices; one outside the table reads as zeros, so that memory stays safe.
import SVFTTensor

/// Which number of a row chooses the table's row.
package enum EmbeddingIndex: Sendable, Hashable { case tokens, positions, segments }

/// y[t] = scale · table[index[t] + offset].
final class Embedding: Op {
  private let y: Value
  private let table: Weight
  private let trained: Parameter?
  private let index: EmbeddingIndex
  private let offset: Int
  private let scale: Float

  init(_ table: Slot, by index: EmbeddingIndex, offset: Int, scale: Float, _ y: Value) {
    self.table = table.current
    self.trained = table.standIn
    self.index = index
    self.offset = offset
    self.scale = scale
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
      let entry = Int(indices[row]) + offset
      let target = y + row * width
      if entry >= 0, entry < table.rows {
        table.decode(rows: entry..<entry + 1, into: target)
        if scale != 1 { Kernels.scale(target, by: scale, into: target, count: width) }
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
        let entry = Int(indices[row]) + offset
        guard entry >= 0, entry < table.rows else { continue }
        let place = gradient + entry * width + columns.lowerBound
        Kernels.add(
          g + row * width + columns.lowerBound, times: scale, to: place, count: columns.count)
      }
    }
  }
}

extension Graph {
  /// Records the rows of `table` chosen by each row's token, position or segment, `offset` rows
  /// further on, times `scale`.
  ///
  /// → [T, columns]
  package func embed(
    table: Slot, by index: EmbeddingIndex, offset: Int = 0, scale: Float = 1
  ) -> Value {
    let y = value(width: table.current.columns)
    record(Embedding(table, by: index, offset: offset, scale: scale, y))
    return y
  }
}
