// Where the members of a team wait for each other in a forward replay: before an op that reads what
// another of the same stretch writes, or writes over what it reads or writes. All an op touches are
// its values, its member's scratch, and state that no other op of a graph has (a layer's cache, a
// batch's losses), so that products of one value follow each other without a barrier. Within a
// chain (RowOp.swift) nobody waits.
//
// Values that live at different times may share bytes: what counts is where they lie.

/// The ops of a plan before which a team meets.
struct Meetings {
  /// Per op.
  let before: [Bool]

  /// For steps of up to `rows` rows, or any. What a step has of other rows may be more.
  init(_ ops: [any Op], _ chains: RowChains, _ plan: Plan, rows: Int = .max) {
    var before = [Bool](repeating: false, count: ops.count)
    var stretch: [Extent] = []
    for step in chains.steps {
      let acting = step.ops.filter {
        ops[$0].space != .step || ops[$0].idleRows < max(1, rows)
      }
      let extents = acting.map { Extent(ops[$0], plan) }
      if extents.contains(where: { later in stretch.contains { $0.meets(later) } }) {
        before[step.first] = true
        stretch = []
      }
      stretch += extents
    }
    self.before = before
  }

  /// The bytes that one op touches.
  private struct Extent {
    let reads: [Range<Int>]
    let writes: [Range<Int>]
    let sharesScratch: Bool

    init(_ op: any Op, _ plan: Plan) {
      reads = op.operands.map { plan.bytes(of: $0) }
      writes = op.writes.map { plan.bytes(of: $0) }
      sharesScratch = op.sharedScratch(rows: plan.rows) > 0
    }

    func meets(_ later: Extent) -> Bool {
      sharesScratch && later.sharesScratch
        || writes.contains { mine in
          (later.reads + later.writes).contains { $0.overlaps(mine) }
        }
        || reads.contains { mine in later.writes.contains { $0.overlaps(mine) } }
    }
  }
}
