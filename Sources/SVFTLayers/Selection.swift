// Which rows of a body's hidden states a head sees, and the way back of its gradient.
//
//   gather    input[i] = mean of hidden rows [offset_i, offset_i + count_i)
//   scatter   dhidden[row] += dinput[i] / count_i       for each row of selection i
//
// A single row is a mean over one row, so every rule is a list of ranges. A head's batch takes a
// few of them at a time: clear the body's gradient once, then scatter each part. Nothing is
// allocated after the initialiser. A sequence without rows gives zeros.
//
// A head that nothing trains may have several pieces side by side, each by a rule of its own, and
// blended in another way than by the mean (Selection+Blend.swift).
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
    /// All rows of each sequence, as one.
    case sequence
    /// Every row with a label other than -100.
    case labelled
  }

  /// Rows a head may get at most.
  package let capacity: Int
  /// Rows the head gets.
  package private(set) var count = 0
  /// What each row of the head is made of, side by side.
  private(set) var pieces: [Piece] = Selection.whole
  /// Pieces that there is room for.
  private let places: Int
  /// The place of the piece that is being chosen.
  private var place = 0
  private let ranges: Buffer
  private static let whole = [Piece(.all)]

  /// Room for `capacity` rows of so many pieces each.
  ///
  /// Throws `.memory` or `.limit`.
  package init(capacity: Int, pieces: Int = 1) throws(SVFTError) {
    self.capacity = capacity
    places = max(1, pieces)
    ranges = try Buffer(
      of: Int32.self, count: Checked.product([capacity, places, 2], "a selection"))
  }

  /// The body's rows that the first piece of row `index` of the head comes from.
  package subscript(index: Int) -> Range<Int> { rows(of: index, at: 0) }

  /// The body's rows that a piece of row `index` of the head comes from.
  func rows(of index: Int, at place: Int) -> Range<Int> {
    let pairs = ranges.values(Int32.self)
    let pair = 2 * (place * capacity + index)
    let offset = Int(pairs[pair])
    return offset..<offset + Int(pairs[pair + 1])
  }

  /// Chooses by the rule of each piece, all of which must give as many rows.
  ///
  /// Throws `.limit` beyond the capacity.
  package func choose(_ pieces: [Piece], of batch: Batch) throws(SVFTError) {
    try invariant(
      (1...places).contains(pieces.count), "\(pieces.count) pieces in room for \(places)")
    self.pieces = pieces
    for (place, piece) in pieces.enumerated() {
      let before = count
      (self.place, count) = (place, 0)
      try append(piece.rule, of: batch)
      try invariant(place == 0 || count == before, "pieces of \(before) and of \(count) rows")
    }
  }

  /// Chooses by rule from the rows of `batch`.
  ///
  /// Throws `.limit` beyond the capacity.
  package func choose(_ rule: Rule, of batch: Batch) throws(SVFTError) {
    (pieces, place, count) = (Self.whole, 0, 0)
    try append(rule, of: batch)
  }

  private func append(_ rule: Rule, of batch: Batch) throws(SVFTError) {
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
    case .sequence:
      for span in batch.spans { try append(span.offset..<span.offset + span.count) }
    }
  }

  /// Chooses single rows of a step of `limit` rows.
  ///
  /// Throws `.limit` beyond the capacity,
  /// `.invalidArgument` for a row that is not in the step.
  package func choose(rows: some Sequence<Int>, of limit: Int) throws(SVFTError) {
    (pieces, place, count) = (Self.whole, 0, 0)
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
    let pair = 2 * (place * capacity + count)
    pairs[pair] = Int32(truncatingIfNeeded: range.lowerBound)
    pairs[pair + 1] = Int32(truncatingIfNeeded: range.count)
    count += 1
  }

  /// Fills `input` [part.count, pieces · adjacent · width] with rows `part` of the selection from
  /// `hidden` [rows, width]; `adjacent` rows from each on lie side by side.
  package func gather(
    _ part: Range<Int>, from hidden: UnsafePointer<Float>, width: Int, adjacent: Int = 1,
    into input: UnsafeMutablePointer<Float>, threads: Int
  ) {
    let count = adjacent * width
    Parallel.run(threads: threads) { team in
      for index in team.share(of: part.count) {
        for (place, piece) in pieces.enumerated() {
          let rows = rows(of: part.lowerBound + index, at: place)
          let target = input + (index * pieces.count + place) * count
          piece.blend.apply(rows, from: hidden, width: width, into: target, count: count)
        }
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
  /// `gradient`: those of one piece that is a mean, as all heads read that are trained.
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
