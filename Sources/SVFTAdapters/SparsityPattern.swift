// Which cells of the n × n matrix M are trained, in row-major order (arXiv 2405.19597, section 3):
//
//   plain   the diagonal                     banded  |i − j| ≤ d
//   random  cells drawn without replacement  topk    the cells of largest |score|, ties row-major
//
// A banded pattern has n(2d+1) − d(d+1) cells, d clamped to n − 1; random and top-k take that many
// unless told a count. Rows are compressed: the columns of row i stand at starts[i] ..< starts[i +
// 1].
package import SVFTTensor

/// The trained cells of one n × n matrix.
package final class SparsityPattern: @unchecked Sendable {
  /// The kinds of patterns.
  package enum Kind: String, CaseIterable, Sendable { case plain, banded, random, topk }

  /// Rows and columns of M.
  package let order: Int
  /// Number of cells.
  package let count: Int
  /// The largest distance of a cell from the diagonal.
  package let halfBandwidth: Int
  /// Where each row begins, [order + 1].
  package let starts: UnsafeMutableBufferPointer<Int>
  /// Column of each cell, [count].
  package let columns: UnsafeMutableBufferPointer<Int32>
  private let owners: (Buffer, Buffer)

  /// Cells of the banded pattern, or of any with its budget: n(2d+1) − d(d+1), d clamped to n − 1.
  package static func bandedCount(order: Int, halfBandwidth: Int) -> Int {
    let d = min(halfBandwidth, order - 1)
    return order * (2 * d + 1) - d * (d + 1)
  }

  /// Trained numbers of one module from its shape alone; `rank` keeps only so many directions.
  package static func trainableCount(
    rows: Int, columns: Int, halfBandwidth: Int, rank: Int? = nil, gate: Bool = false
  ) -> Int {
    let order = min(rows, columns, rank ?? .max)
    return bandedCount(order: order, halfBandwidth: halfBandwidth) + (gate ? 1 : 0)
  }

  /// Collects cells row by row.
  ///
  /// `row(i)` gives the columns of row i, ascending. Throws `.memory`.
  private init(
    order: Int, count: Int, cells: (_ row: Int, _ append: (Int) -> Void) -> Void
  ) throws(SVFTError) {
    let startBuffer = try Buffer(of: Int.self, count: order + 1)
    let columnBuffer = try Buffer(of: Int32.self, count: count)
    let (starts, columns) = (startBuffer.values(Int.self), columnBuffer.values(Int32.self))
    var (filled, half) = (0, 0)
    for row in 0..<order {
      starts[row] = filled
      cells(row) { column in
        half = max(half, abs(row - column))
        if filled < count { columns[filled] = Int32(truncatingIfNeeded: column) }
        filled += 1
      }
    }
    starts[order] = filled
    try invariant(filled == count, "a pattern of \(count) cells found \(filled)")
    self.order = order
    self.count = count
    halfBandwidth = half
    self.starts = starts
    self.columns = columns
    owners = (startBuffer, columnBuffer)
  }

  /// The band |i − j| ≤ d; d = 0 is the diagonal.
  package static func banded(order: Int, halfBandwidth: Int) throws(SVFTError) -> SparsityPattern {
    let d = min(halfBandwidth, order - 1)
    let count = bandedCount(order: order, halfBandwidth: d)
    return try SparsityPattern(order: order, count: count) { row, append in
      for column in max(0, row - d)...min(order - 1, row + d) { append(column) }
    }
  }

  /// `count` distinct cells, each set equally likely (Floyd's sampling); the order's square at
  /// most.
  package static func random(order: Int, count: Int, _ source: inout RandomSource)
    throws(SVFTError) -> SparsityPattern
  {
    let cells = try Checked.product(order, order, "the cells of M")
    let count = min(count, cells)
    let marks = try Buffer(byteCount: cells)
    let chosen = marks.values(UInt8.self)
    for last in (cells - count)..<cells {
      let cell = source.below(last + 1)
      chosen[chosen[cell] == 0 ? cell : last] = 1
    }
    return try withExtendedLifetime(marks) { () throws(SVFTError) in
      try SparsityPattern(order: order, count: count) { row, append in
        for column in 0..<order where chosen[row * order + column] != 0 { append(column) }
      }
    }
  }

  /// `count` draws of a cell, each independent: repeated cells stay and their values add up.
  package static func randomWithRepeats(order: Int, count: Int, _ source: inout RandomSource)
    throws(SVFTError) -> SparsityPattern
  {
    let drawn = try Buffer(of: Int64.self, count: count)
    var cells = drawn.values(Int64.self)
    for index in cells.indices {
      cells[index] = Int64(source.below(order) * order + source.below(order))
    }
    cells.sort()
    return try withExtendedLifetime(drawn) { () throws(SVFTError) in
      try list(order: order, cells)
    }
  }

  /// The `count` cells of largest magnitude in `scores` [order, order]; ties go to the earlier
  /// cell.
  ///
  /// Only cells whose row and column both are `kept` count.
  package static func largest(
    order: Int, count: Int, scores: UnsafeBufferPointer<Float>, kept: [Bool]
  ) throws(SVFTError) -> SparsityPattern {
    let cells = try Checked.product(order, order, "the cells of M")
    try invariant(scores.count == cells, "\(scores.count) scores for \(cells) cells")
    let free = kept.count { $0 }
    let count = min(count, free * free)
    let magnitudes = try Buffer(of: Float.self, count: cells)
    let sizes = magnitudes.values(Float.self)
    for index in 0..<(MemoryLedger.isRehearsing ? 0 : cells) {
      guard scores[index].isFinite else {
        throw SVFTError(.nonFinite, "expected scores that are numbers, found \(scores[index])")
      }
      sizes[index] = kept[index / order] && kept[index % order] ? abs(scores[index]) : -1
    }
    let copy = try Buffer(of: Float.self, count: cells)
    var sorted = copy.values(Float.self)
    _ = sorted.update(fromContentsOf: sizes)
    if !MemoryLedger.isRehearsing { sorted.sort(by: >) }
    // All above the last chosen magnitude, and the first ones of exactly that magnitude.
    let limit = count > 0 ? sorted[count - 1] : .infinity
    var ties = count - sorted.prefix(count).count { $0 > limit }
    return try withExtendedLifetime((magnitudes, copy)) { () throws(SVFTError) in
      try SparsityPattern(order: order, count: count) { row, append in
        for column in 0..<order {
          let magnitude = sizes[row * order + column]
          if magnitude > limit {
            append(column)
          } else if magnitude == limit, ties > 0 {
            ties -= 1
            append(column)
          }
        }
      }
    }
  }

  /// Cells by row-major index, ascending; repeats only where `repeats`.
  ///
  /// `.format` otherwise.
  package static func list(
    order: Int, _ cells: UnsafeMutableBufferPointer<Int64>, repeats: Bool = true
  ) throws(SVFTError) -> SparsityPattern {
    let limit = try Checked.product(order, order, "the cells of M")
    var previous: Int64 = -1
    for cell in cells {
      guard cell >= 0, cell < limit, repeats ? cell >= previous : cell > previous else {
        throw SVFTError(
          .format,
          "expected ascending cell numbers from 0 to \(limit - 1), found \(cell) after \(previous)")
      }
      previous = cell
    }
    var next = 0
    return try SparsityPattern(order: order, count: cells.count) { row, append in
      while next < cells.count, Int(cells[next]) < (row + 1) * order {
        append(Int(cells[next]) - row * order)
        next += 1
      }
    }
  }

  /// The cells whose row and column both are `kept`; this pattern itself where all are.
  package func keeping(_ kept: (Int) -> Bool) throws(SVFTError) -> SparsityPattern {
    var count = 0
    for row in 0..<order where kept(row) {
      for index in starts[row]..<starts[row + 1] where kept(Int(columns[index])) { count += 1 }
    }
    if count == self.count { return self }
    return try SparsityPattern(order: order, count: count) { row, append in
      guard kept(row) else { return }
      for index in starts[row]..<starts[row + 1] where kept(Int(columns[index])) {
        append(Int(columns[index]))
      }
    }
  }

  /// Row-major numbers of the cells.
  ///
  /// Throws `.memory`.
  package func indices() throws(SVFTError) -> Buffer {
    let buffer = try Buffer(of: Int64.self, count: count)
    let target = buffer.values(Int64.self)
    for row in 0..<order {
      for index in starts[row]..<starts[row + 1] {
        target[index] = Int64(row * order + Int(columns[index]))
      }
    }
    return buffer
  }

  /// Whether two patterns have the same cells.
  package func equals(_ other: SparsityPattern) -> Bool {
    order == other.order && starts.elementsEqual(other.starts)
      && columns.elementsEqual(other.columns)
  }
}
