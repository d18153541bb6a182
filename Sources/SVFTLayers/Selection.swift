// Which rows of a body's hidden states a head sees, and the way back of its gradient.
//
//   gather    input[i] = mean of hidden rows [offset_i, offset_i + count_i)
//   scatter   dhidden[row] += dinput[i] / count_i       for each row of selection i
//
// A single row is a mean over one row, so every rule is a list of ranges. A head's batch takes a
// few of them at a time: clear the body's gradient once, then scatter each part. Nothing is
// allocated after the initialiser. A sequence without rows gives zeros.
package import SVFTTensor

/// A list of ranges of body rows, one per row of the head.
package final class Selection: @unchecked Sendable {
  /// Which rows a head wants.
  package enum Rule: String, Sendable, Hashable, CaseIterable {
    /// Every row of the step.
    case all
    /// The first row of each sequence.
    case first
    /// The last row of each sequence.
    case last
    /// The mean over each sequence.
    case mean
    /// Every row with a label other than -100.
    case labelled
  }

  /// Rows a head may get at most.
  package let capacity: Int
  /// Rows the head gets.
  package private(set) var count = 0
  private let ranges: Buffer

  /// Room for `capacity` rows.
  ///
  /// Throws `.memory` or `.limit`.
  package init(capacity: Int) throws(SVFTError) {
    self.capacity = capacity
    ranges = try Buffer(of: Int32.self, count: Checked.product(capacity, 2, "a selection"))
  }

  /// The body's rows that row `index` of the head comes from.
  package subscript(index: Int) -> Range<Int> {
    let pairs = ranges.values(Int32.self)
    let offset = Int(pairs[2 * index])
    return offset..<offset + Int(pairs[2 * index + 1])
  }

  /// Chooses by rule from the rows of `batch`.
  ///
  /// Throws `.limit` beyond the capacity.
  package func choose(_ rule: Rule, of batch: Batch) throws(SVFTError) {
    count = 0
    switch rule {
    case .all:
      for row in 0..<batch.rows { try append(row..<row + 1) }
    case .labelled:
      for row in 0..<batch.rows where batch.labels[row] != -100 { try append(row..<row + 1) }
    case .first:
      for span in batch.spans { try append(span.offset..<span.offset + min(1, span.count)) }
    case .last:
      for span in batch.spans {
        let end = span.offset + span.count
        try append(max(span.offset, end - 1)..<end)
      }
    case .mean:
      for span in batch.spans { try append(span.offset..<span.offset + span.count) }
    }
  }

  /// Chooses single rows of a step of `limit` rows.
  ///
  /// Throws `.limit` beyond the capacity,
  /// `.invalidArgument` for a row that is not in the step.
  package func choose(rows: some Sequence<Int>, of limit: Int) throws(SVFTError) {
    count = 0
    for row in rows {
      guard row >= 0, row < limit else {
        throw SVFTError(.invalidArgument, "expected a row of a step of \(limit) rows, found \(row)")
      }
      try append(row..<row + 1)
    }
  }

  private func append(_ range: Range<Int>) throws(SVFTError) {
    guard count < capacity else {
      throw SVFTError(.limit, "expected at most \(capacity) selected rows, found more")
    }
    let pairs = ranges.values(Int32.self)
    pairs[2 * count] = Int32(truncatingIfNeeded: range.lowerBound)
    pairs[2 * count + 1] = Int32(truncatingIfNeeded: range.count)
    count += 1
  }

  /// Fills `input` [part.count, adjacent · width] with rows `part` of the selection from `hidden`
  /// [rows, width]; `adjacent` rows from each on lie side by side.
  package func gather(
    _ part: Range<Int>, from hidden: UnsafePointer<Float>, width: Int, adjacent: Int = 1,
    into input: UnsafeMutablePointer<Float>, threads: Int
  ) {
    let count = adjacent * width
    Parallel.run(threads: threads) { team in
      for index in team.share(of: part.count) {
        let rows = self[part.lowerBound + index]
        let target = input + index * count
        target.update(repeating: 0, count: count)
        for row in rows { Kernels.add(hidden + row * width, to: target, count: count) }
        guard rows.count > 1 else { continue }
        let share = 1 / Float(rows.count)
        Kernels.scale(target, by: share, into: target, count: count)
      }
    }
  }

  /// Zeroes the body's gradient [rows, width] before the first `scatter` of a step.
  package static func clear(
    _ gradient: UnsafeMutablePointer<Float>, rows: Int, width: Int, threads: Int
  ) {
    Parallel.run(threads: threads) { team in
      for row in team.share(of: rows) {
        (gradient + row * width).update(repeating: 0, count: width)
      }
    }
  }

  /// Adds the gradients of rows `part` of the head, [part.count, adjacent · width], to the body's
  /// `gradient`.
  ///
  /// Columns are shared out, not rows, so that a row may be selected twice.
  package func scatter(
    _ part: Range<Int>, from input: UnsafePointer<Float>, width: Int, adjacent: Int = 1,
    into gradient: UnsafeMutablePointer<Float>, threads: Int
  ) {
    let count = adjacent * width
    Parallel.run(threads: threads) { team in
      for columns in BlockShare(team, length: count, block: Weight.chunk) {
        for index in 0..<part.count {
          let rows = self[part.lowerBound + index]
          let share = 1 / Float(max(1, rows.count))
          for row in rows {
            Kernels.add(
              input + index * count + columns.lowerBound, times: share,
              to: gradient + row * width + columns.lowerBound, count: columns.count)
          }
        }
      }
    }
  }
}
