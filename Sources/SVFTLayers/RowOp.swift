// Ops that make their rows one by one, and chains of them: a sum and the norm behind it, a norm of
// queries and their rotation. Members take the same rows in each, so nobody waits within a chain,
// and it runs over a few rows at a time: what one op writes the next finds in the nearest cache.
//
//   for rows t, t + size, … of a member, eight at a time:   c[t] = a[t] + b[t];  y[t] = norm(c[t])
import SVFTTensor

/// An op whose row t follows from row t of what it reads, and from nothing else of the step.
package protocol RowOp: Op {
  /// Its forward for some rows. Scratch holds nothing from one call to the next.
  func forward(_ run: Run, rows: StrideTo<Int>)
}

extension RowOp {
  package func forward(_ run: Run) { forward(run, rows: run.team.share(of: run.rows)) }
}

/// The forward pass of a plan as steps of one op, or of several that make a chain.
struct RowChains {
  /// Rows that a member takes through a chain at a time.
  private static let block = 8

  /// Ops that run together.
  struct Step {
    /// Indices, in order.
    fileprivate(set) var ops: [Int]
    /// The same ops, where they all make rows.
    fileprivate var rowOps: [any RowOp]

    var first: Int { ops[0] }
    var isChain: Bool { ops.count > 1 }
  }

  /// In the order of the pass.
  let steps: [Step]

  init(_ ops: [any Op], _ plan: Plan) {
    var steps: [Step] = []
    for index in plan.timetable.forward.map(\.op) {
      let op = ops[index] as? any RowOp
      if let op, let last = steps.indices.last, !steps[last].rowOps.isEmpty,
        steps[last].rowOps.allSatisfy({ Self.follows(op, $0, plan) })
      {
        steps[last].ops.append(index)
        steps[last].rowOps.append(op)
      } else {
        steps.append(Step(ops: [index], rowOps: op.map { [$0] } ?? []))
      }
    }
    self.steps = steps
  }

  /// Whether rows of an op may be made while later ones of an earlier op are still to come: where
  /// they touch the same bytes, these must be the same rows of both.
  private static func follows(_ later: any RowOp, _ earlier: any RowOp, _ plan: Plan) -> Bool {
    guard earlier.space == later.space else { return false }
    func agree(_ a: Value, _ b: Value) -> Bool {
      let (mine, other) = (plan.bytes(of: a), plan.bytes(of: b))
      return !mine.overlaps(other) || mine.lowerBound == other.lowerBound && a.isLike(b)
    }
    return earlier.writes.allSatisfy { written in
      (later.operands + later.writes).allSatisfy { agree(written, $0) }
    } && earlier.operands.allSatisfy { read in later.writes.allSatisfy { agree(read, $0) } }
  }

  /// Runs a chain; `run` is what each op sees of the step.
  static func forward(_ chain: Step, _ run: (Int) -> Run?) {
    guard let first = run(chain.first) else { return }
    let (team, count) = (first.team, first.rows)
    for start in stride(from: team.id, to: count, by: block * team.size) {
      let end = min(count, start + block * team.size)
      let rows = stride(from: start, to: end, by: team.size)
      for (index, op) in zip(chain.ops, chain.rowOps) {
        guard let run = run(index) else { continue }
        op.forward(run, rows: rows)
      }
    }
  }
}
