// Things of a graph that lie in the same bytes although they are there at the same time, because
// they are the same numbers or one is made out of the other in its place:
//
//   c = a + s·b    c lies where a lay, if nobody looks at a any more
//                  ∂a is ∂c: whoever needs it reads ∂c, if nobody has changed that meanwhile
//   loss(a)        ∂a lies where a lay, if the loss is the last to look at it
//
// Ops say what they can bear (`Op.replaceable`, `Op.handedOn`, `Op.overwritable`); whether it is
// right follows from the lifetimes. A sum then costs one pass over its numbers, and its backward
// none; logits, the largest value of a language model, need no second place.

/// For each value of a graph, in whose bytes its numbers and its gradient lie.
struct Sharing {
  /// Per value: another value, or itself.
  private(set) var values: [Int]
  private(set) var gradients: [Int]
  /// Values whose gradient lies where they lay themselves, both with nobody else.
  private(set) var overwritten: [Int] = []

  init(_ graph: Graph, _ flow: GradientFlow, _ timetable: Timetable, _ lives: Lifetimes) {
    values = Array(0..<graph.valueCount)
    gradients = values
    for entry in timetable.forward { replace(graph.ops[entry.op], lives) }
    handOn(graph, flow, timetable, lives)
    for (offset, entry) in timetable.backward.enumerated() where entry.work == .backward {
      overwrite(
        graph.ops[entry.op], flow.writes[entry.op], at: timetable.forwardCount + offset, lives)
    }
  }

  /// Lets what an op writes lie where something lay that it is the last to read.
  private mutating func replace(_ op: any Op, _ lives: Lifetimes) {
    guard let result = op.writes.first, op.writes.count == 1,
      let born = only(lives.values[result.id])?.lowerBound
    else { return }
    let free = op.replaceable.map { op.reads[$0] }.first { read in
      read.isLike(result) && op.reads.count { $0 == read } == 1
        && only(lives.values[read.id])?.upperBound == born
    }
    if let free { values[result.id] = values[free.id] }
  }

  /// Lets the gradient that an op writes first lie where it reads a value last.
  private mutating func overwrite(
    _ op: any Op, _ writes: [GradientFlow.Write], at time: Int, _ lives: Lifetimes
  ) {
    for index in op.overwritable where writes[index] == .assign {
      let id = op.reads[index].id
      guard op.reads.count(where: { $0.id == id }) == 1,
        only(lives.values[id])?.upperBound == time, lives.gradients[id]?.lowerBound == time,
        values.indices.allSatisfy({ (values[$0] == id) == ($0 == id) }),
        gradients.indices.allSatisfy({ (gradients[$0] == id) == ($0 == id) })
      else { continue }
      overwritten.append(id)
    }
  }

  /// Where something is written once and not recomputed, from when to when it lives.
  private func only(_ life: [ClosedRange<Int>]) -> ClosedRange<Int>? {
    life.count == 1 ? life[0] : nil
  }

  /// Lets gradients that are those of an op's result lie where these lie.
  private mutating func handOn(
    _ graph: Graph, _ flow: GradientFlow, _ timetable: Timetable, _ lives: Lifetimes
  ) {
    let changes = Self.changes(graph, flow, timetable)
    var members = gradients.map { [$0] }
    for (offset, entry) in timetable.backward.enumerated() where entry.work == .backward {
      let op = graph.ops[entry.op]
      let time = timetable.forwardCount + offset
      guard let result = op.writes.first, op.writes.count == 1,
        lives.gradients[result.id]?.upperBound == time
      else { continue }
      for index in op.handedOn where flow.writes[entry.op][index] == .assign {
        let read = op.reads[index]
        let root = gradients[result.id]
        guard read.isLike(result), members[read.id] == [read.id], read.id != root,
          lives.gradients[read.id]?.lowerBound == time,
          members[root].allSatisfy({ agree($0, read.id, changes, lives) })
        else { continue }
        gradients[read.id] = root
        members[root].append(read.id)
        members[read.id] = []
      }
    }
  }

  /// Whether neither of two gradients is added to while the other, there before, is still needed.
  private func agree(_ a: Int, _ b: Int, _ changes: [[Int]], _ lives: Lifetimes) -> Bool {
    func spares(_ changed: Int, _ other: Int) -> Bool {
      guard let life = lives.gradients[other] else { return true }
      return changes[changed].allSatisfy { $0 <= life.lowerBound || $0 > life.upperBound }
    }
    return spares(a, b) && spares(b, a)
  }

  /// When each gradient is added to.
  private static func changes(
    _ graph: Graph, _ flow: GradientFlow, _ timetable: Timetable
  ) -> [[Int]] {
    var changes = [[Int]](repeating: [], count: graph.valueCount)
    for (offset, entry) in timetable.backward.enumerated() where entry.work == .backward {
      let reads = graph.ops[entry.op].reads
      for (read, write) in zip(reads, flow.writes[entry.op]) where write == .accumulate {
        changes[read.id].append(timetable.forwardCount + offset)
      }
    }
    return changes
  }
}
