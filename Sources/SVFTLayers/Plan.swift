// From a recorded graph to offsets in one block of memory.
//
// Two things that must be there at the same time (Lifetimes.swift, in the order of Timetable.swift)
// get different bytes, but for those that may lie in each other's (Sharing.swift); the largest are
// placed first, each at the lowest offset that fits.
package import SVFTTensor

/// Where everything of a replay lies, for steps of up to `rows` rows.
///
/// Its size is the memory
/// estimate.
package struct Plan {
  /// Steps of up to this many rows fit.
  package let rows: Int
  /// Rows of a step's source at most.
  package let sourceRows: Int
  /// Bytes of the block that holds values and gradients.
  package private(set) var byteCount = 0
  package let memberScratch: Int
  package let sharedScratch: Int
  let flow: GradientFlow
  let timetable: Timetable
  private(set) var valueOffsets: [Int]
  private(set) var gradientOffsets: [Int]

  /// Bytes a program with this plan allocates for a team of `threads`.
  package func totalBytes(threads: Int) -> Int {
    byteCount + sharedScratch + threads * memberScratch
  }

  /// Rows of a value at most.
  private func rows(of value: Value) -> Int { value.space.capacity(rows, source: sourceRows) }

  /// Where the numbers of a value lie in the block; values that never live lie at its beginning.
  func bytes(of value: Value) -> Range<Int> {
    let offset = max(0, valueOffsets[value.id])
    return offset..<offset + rows(of: value) * value.width * MemoryLayout<Float>.stride
  }

  /// Plans `graph`.
  ///
  /// Throws `.limit` where the sizes overflow.
  package init(_ graph: Graph, rows: Int, sourceRows: Int = 0) throws(SVFTError) {
    self.rows = rows
    self.sourceRows = sourceRows
    let flow = GradientFlow(graph)
    self.flow = flow
    self.timetable = Timetable(graph, flow)
    self.memberScratch = try Plan.wholeLines(graph.ops.map(\.memberScratch).max() ?? 0)
    self.sharedScratch =
      graph.ops.map { op in
        op.sharedScratch(rows: max(sourceRows, op.space.capacity(rows, source: sourceRows)))
      }.max() ?? 0
    self.valueOffsets = [Int](repeating: -1, count: graph.valueCount)
    self.gradientOffsets = [Int](repeating: -1, count: graph.valueCount)

    let lives = Lifetimes(graph, flow, timetable)
    let sharing = Sharing(graph, flow, timetable, lives)
    var pieces = Plan.pieces(lives.values, in: sharing.values, isGradient: false)
    pieces += Plan.pieces(
      lives.gradients.map { $0.map { [$0] } ?? [] }, in: sharing.gradients, isGradient: true)
    for id in sharing.overwritten { Plan.join(valueAndGradient: id, in: &pieces) }
    for index in pieces.indices {
      let value = graph.values[pieces[index].first]
      let values = try Checked.product(self.rows(of: value), value.width, "a value of the graph")
      pieces[index].bytes = try Plan.wholeLines(
        Checked.product(values, 4, "a value of the graph"))
    }
    place(pieces)
  }

  /// One piece for all that lie in the same bytes.
  private static func pieces(
    _ lives: [[ClosedRange<Int>]], in places: [Int], isGradient: Bool
  ) -> [Piece] {
    var members = [[Int]](repeating: [], count: lives.count)
    for (id, life) in lives.enumerated() where !life.isEmpty { members[places[id]].append(id) }
    return members.compactMap { members in
      let life = members.flatMap { lives[$0] }
      guard let begin = life.map(\.lowerBound).min(), let end = life.map(\.upperBound).max()
      else { return nil }
      return Piece(
        values: isGradient ? [] : members, gradients: isGradient ? members : [],
        life: members.count == 1 ? life : [begin...end])
    }
  }

  /// Makes one piece of a value, alone in its own, and its gradient.
  private static func join(valueAndGradient id: Int, in pieces: inout [Piece]) {
    let parts = pieces.filter { $0.values == [id] || $0.gradients == [id] }.flatMap(\.life)
    guard let begin = parts.map(\.lowerBound).min(), let end = parts.map(\.upperBound).max()
    else { return }
    pieces.removeAll { $0.values == [id] || $0.gradients == [id] }
    pieces.append(Piece(values: [id], gradients: [id], life: [begin...end]))
  }

  /// Rounded up to lines of 64 bytes, so that every piece begins on one.
  private static func wholeLines(_ bytes: Int) throws(SVFTError) -> Int {
    try Checked.sum(bytes, 63, "a piece of the plan") / 64 * 64
  }

  private struct Piece {
    /// What lies there: numbers of values and gradients of values, by their ids.
    let values: [Int]
    let gradients: [Int]
    /// In order and apart.
    let life: [ClosedRange<Int>]
    var bytes = 0

    var first: Int { values.first ?? gradients.first ?? 0 }

    func meets(_ other: Piece) -> Bool {
      life.contains { mine in other.life.contains { $0.overlaps(mine) } }
    }
  }

  /// First fit, largest first.
  private mutating func place(_ pieces: [Piece]) {
    let order = pieces.sorted {
      ($0.bytes, $1.life[0].lowerBound, $1.first) > ($1.bytes, $0.life[0].lowerBound, $0.first)
    }
    var placed: [(offset: Int, piece: Piece)] = []  // sorted by offset
    for piece in order {
      var offset = 0
      var position = 0
      for (index, other) in placed.enumerated() {
        guard other.piece.meets(piece) else { continue }
        if other.offset - offset >= piece.bytes { break }
        offset = max(offset, other.offset + other.piece.bytes)
        position = index + 1
      }
      while position < placed.count, placed[position].offset < offset { position += 1 }
      while position > 0, placed[position - 1].offset > offset { position -= 1 }
      placed.insert((offset, piece), at: position)
      byteCount = max(byteCount, offset + piece.bytes)
      for id in piece.values { valueOffsets[id] = offset }
      for id in piece.gradients { gradientOffsets[id] = offset }
    }
  }
}
