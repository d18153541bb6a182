// The order in which a training step runs ops. Where activations are recomputed, a segment of the
// graph (a layer, mostly) keeps what other segments read and drops the rest; before its backward as
// much of its forward is run again as that needs. The last segment's values are still there.
//
//   f₀ f₁ … fₙ₋₁ | bₙ₋₁ … of the last segment | f again, b of the one before | …
//
// One forward more at most, for memory of one layer instead of all (Chen et al., 2016, "Training
// Deep Nets with Sublinear Memory Cost", arXiv:1604.06174). Ops give the same bits again, dropout
// too, because its masks follow from a key.

/// Ops in the order of a step.
struct Timetable {
  /// What an op does at one time.
  enum Work { case forward, again, backward }

  struct Entry {
    let op: Int
    let work: Work
  }

  /// The whole step; the first part is the forward of every op that somebody looks at.
  let entries: [Entry]
  /// Where the backward part begins.
  let forwardCount: Int

  /// The forward pass.
  var forward: ArraySlice<Entry> { entries[..<forwardCount] }
  /// What comes after the forward pass.
  var backward: ArraySlice<Entry> { entries[forwardCount...] }

  init(_ graph: Graph, _ flow: GradientFlow) {
    let unseen = Self.unseen(graph, flow)
    var entries = graph.ops.indices.filter { !unseen[$0] }.map { Entry(op: $0, work: .forward) }
    forwardCount = entries.count
    for (position, segment) in Self.segments(graph).reversed().enumerated() {
      if position > 0 {
        entries += Self.needed(segment, graph, flow).map { Entry(op: $0, work: .again) }
      }
      let active = segment.reversed().filter { flow.active[$0] }
      entries += active.map { Entry(op: $0, work: .backward) }
    }
    self.entries = entries
  }

  /// Per op, whether nobody looks at what it computes: its results are read as shadows alone, or
  /// by such ops, and no backward keeps them.
  private static func unseen(_ graph: Graph, _ flow: GradientFlow) -> [Bool] {
    var unseen = [Bool](repeating: false, count: graph.ops.count)
    guard graph.ops.contains(where: { !$0.shadows.isEmpty }) else { return unseen }
    var shadows = Set<Value>()
    var seen = Set(graph.outputs)
    for (op, isActive) in zip(graph.ops, flow.active) where isActive { seen.formUnion(op.keeps) }
    for index in graph.ops.indices.reversed() {
      let op = graph.ops[index]
      // Who writes nothing that is read at all works for another reason.
      unseen[index] =
        !op.writes.isEmpty
        && op.writes.allSatisfy { shadows.contains($0) && !seen.contains($0) }
      if unseen[index] {
        shadows.formUnion(op.reads)
      } else {
        shadows.formUnion(op.shadows)
        seen.formUnion(op.operands)
      }
    }
    return unseen
  }

  /// The graph's segments, or all of it as one where nothing is recomputed.
  private static func segments(_ graph: Graph) -> [Range<Int>] {
    let all = 0..<graph.ops.count
    guard graph.recomputes else { return [all] }
    let bounds = [0] + graph.segmentStarts.filter { $0 > 0 && $0 < all.count } + [all.count]
    return zip(bounds, bounds.dropFirst()).map { $0..<$1 }
  }

  /// The ops of a segment whose results its backward keeps, and those that give these.
  private static func needed(_ segment: Range<Int>, _ graph: Graph, _ flow: GradientFlow) -> [Int] {
    var wanted = Set(
      segment.filter { flow.active[$0] }.flatMap { graph.ops[$0].keeps })
    var needed: [Int] = []
    for index in segment.reversed() {
      let op = graph.ops[index]
      guard op.writes.contains(where: wanted.contains) else { continue }
      needed.append(index)
      wanted.formUnion(op.operands)
    }
    return needed.reversed()
  }
}
