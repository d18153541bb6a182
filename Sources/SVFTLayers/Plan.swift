// From a recorded graph to offsets in one block of memory.
//
// Time runs 0 ..< n through the forward ops and on to 2n - 1 backwards through them. A value lives
// from its op to its last reader, or to the backward of the last op that keeps it; a gradient lives
// from its first writer (the last reader's backward) to the backward of the op that made the value.
// Two things whose lives overlap get different bytes; the largest are placed first, each at the
// lowest offset that fits.
package import SVFTTensor

/// Where everything of a replay lies, for steps of up to `rows` rows.
///
/// Its size is the memory
/// estimate.
package struct Plan {
  /// Steps of up to this many rows fit.
  package let rows: Int
  /// Bytes of the block that holds values and gradients.
  package private(set) var byteCount = 0
  package let memberScratch: Int
  package let sharedScratch: Int
  let flow: GradientFlow
  private(set) var valueOffsets: [Int]
  private(set) var gradientOffsets: [Int]

  /// Bytes a program with this plan allocates for a team of `threads`.
  package func totalBytes(threads: Int) -> Int {
    byteCount + sharedScratch + threads * memberScratch
  }

  /// Where the numbers of a value lie in the block; values that never live lie at its beginning.
  func bytes(of value: Value) -> Range<Int> {
    let offset = max(0, valueOffsets[value.id])
    return offset..<offset + rows * value.width * MemoryLayout<Float>.stride
  }

  /// Plans `graph`.
  ///
  /// Throws `.limit` where the sizes overflow.
  package init(_ graph: Graph, rows: Int) throws(SVFTError) {
    self.rows = rows
    self.flow = GradientFlow(graph)
    self.memberScratch = try Plan.wholeLines(graph.ops.map(\.memberScratch).max() ?? 0)
    self.sharedScratch = graph.ops.map { $0.sharedScratch(rows: rows) }.max() ?? 0
    self.valueOffsets = [Int](repeating: -1, count: graph.valueCount)
    self.gradientOffsets = [Int](repeating: -1, count: graph.valueCount)

    var pieces: [Piece] = []
    let lives = Lifetimes(graph, flow)
    for (id, life) in lives.values.enumerated() {
      guard let life else { continue }
      pieces.append(Piece(id: id, isGradient: false, life: life, bytes: 0))
    }
    for (id, life) in lives.gradients.enumerated() {
      guard let life else { continue }
      pieces.append(Piece(id: id, isGradient: true, life: life, bytes: 0))
    }
    for index in pieces.indices {
      let values = try Checked.product(rows, lives.widths[pieces[index].id], "a value of the graph")
      pieces[index].bytes = try Plan.wholeLines(
        Checked.product(values, 4, "a value of the graph"))
    }
    place(pieces)
  }

  /// Rounded up to lines of 64 bytes, so that every piece begins on one.
  private static func wholeLines(_ bytes: Int) throws(SVFTError) -> Int {
    try Checked.sum(bytes, 63, "a piece of the plan") / 64 * 64
  }

  private struct Piece {
    let id: Int
    let isGradient: Bool
    let life: ClosedRange<Int>
    var bytes: Int
  }

  /// First fit, largest first.
  private mutating func place(_ pieces: [Piece]) {
    let order = pieces.sorted {
      ($0.bytes, $1.life.lowerBound, $1.id) > ($1.bytes, $0.life.lowerBound, $0.id)
    }
    var placed: [(offset: Int, piece: Piece)] = []  // sorted by offset
    for piece in order {
      var offset = 0
      var position = 0
      for (index, other) in placed.enumerated() {
        guard other.piece.life.overlaps(piece.life) else { continue }
        if other.offset - offset >= piece.bytes { break }
        offset = max(offset, other.offset + other.piece.bytes)
        position = index + 1
      }
      while position < placed.count, placed[position].offset < offset { position += 1 }
      while position > 0, placed[position - 1].offset > offset { position -= 1 }
      placed.insert((offset, piece), at: position)
      byteCount = max(byteCount, offset + piece.bytes)
      if piece.isGradient {
        gradientOffsets[piece.id] = offset
      } else {
        valueOffsets[piece.id] = offset
      }
    }
  }
}

/// From when to when each value and each gradient of a graph must keep its bytes.
private struct Lifetimes {
  var values: [ClosedRange<Int>?]
  var gradients: [ClosedRange<Int>?]
  var widths: [Int]

  init(_ graph: Graph, _ flow: GradientFlow) {
    let n = graph.ops.count
    let end = 2 * n
    values = Array(repeating: nil, count: graph.valueCount)
    gradients = values
    widths = Array(repeating: 0, count: graph.valueCount)

    for value in graph.inputs { begin(value, at: 0) }
    for (index, op) in graph.ops.enumerated() {
      for value in op.reads { extend(value, to: index) }
      for value in op.writes {
        begin(value, at: index)
        if flow.hasGradient[value.id] { extendGradient(value, to: end - 1 - index) }
      }
      guard flow.active[index] else { continue }
      for value in op.keeps { extend(value, to: end - 1 - index) }
      for (read, write) in zip(op.reads, flow.writes[index]) where write != .none {
        extendGradient(read, to: end - 1 - index)
      }
    }
    // The caller fills inputs and reads outputs, so both keep their bytes throughout.
    for value in graph.inputs + graph.outputs {
      extend(value, to: end)
      if flow.hasGradient[value.id] {
        extendGradient(value, to: end)
        extendGradient(value, to: n)
      }
    }
  }

  private mutating func begin(_ value: Value, at time: Int) {
    values[value.id] = time...time
    widths[value.id] = value.width
  }

  private mutating func extend(_ value: Value, to time: Int) {
    guard let life = values[value.id] else { return }
    values[value.id] = min(life.lowerBound, time)...max(life.upperBound, time)
  }

  private mutating func extendGradient(_ value: Value, to time: Int) {
    widths[value.id] = value.width
    guard let life = gradients[value.id] else {
      gradients[value.id] = time...time
      return
    }
    gradients[value.id] = min(life.lowerBound, time)...max(life.upperBound, time)
  }
}
