// Where the time of replays goes: each member of a team notes how long it was in every op and how
// long it waited for the others before (forward) or after it (backward).
//
//   seconds  Σ over replays of the members' mean
//   rate     multiply-adds by seconds where an op is a product, bytes by seconds where it is a pass
//            over its values: every number that it reads or writes, once
//
// A program without one looks at a nil before each op.
import SVFTTensor

/// What ops of one kind took in the replays that were watched.
package struct OpTime: Sendable {
  /// What an op did.
  package enum Pass: String, Sendable { case forward, again, backward }

  package let kind: String
  package let pass: Pass
  /// How often such an op ran.
  package fileprivate(set) var calls = 0
  /// Seconds in it, the mean of the members.
  package fileprivate(set) var seconds = 0.0
  /// Seconds between its end and the slowest member's, or before it, the mean of the members.
  package fileprivate(set) var waiting = 0.0
  /// Multiply-adds of its products with matrices.
  package fileprivate(set) var multiplyAdds = 0
  /// Bytes of what it reads and writes, where it has no products.
  package fileprivate(set) var bytes = 0
}

/// Notes times of one program's ops. One replay at a time.
package final class Stopwatch: @unchecked Sendable {
  /// What one member notes, of each op in each pass.
  private final class Member {
    var last = 0.0
    var busy: [Double]
    var waiting: [Double]

    init(_ count: Int) {
      busy = [Double](repeating: 0, count: count)
      waiting = busy
    }
  }

  private static let passes: [OpTime.Pass] = [.forward, .again, .backward]
  private let ops: [any Op]
  private let members: [Member]
  /// By the first member alone.
  private var calls: [Int]
  private var multiplyAdds: [Int]
  private var bytes: [Int]

  /// A watch for the ops of `program`.
  package init(_ program: Program) {
    ops = program.graph.ops
    let count = ops.count * Self.passes.count
    members = (0..<max(1, program.threads)).map { _ in Member(count) }
    calls = [Int](repeating: 0, count: count)
    (multiplyAdds, bytes) = (calls, calls)
  }

  private func place(_ op: Int, _ work: Timetable.Work) -> Int {
    switch work {
    case .forward: op
    case .again: ops.count + op
    case .backward: 2 * ops.count + op
    }
  }

  /// A member begins a replay.
  func begin(_ team: Team) { members[team.id].last = Clock.seconds() }

  /// A member has waited for the others.
  func waited(at op: Int, _ work: Timetable.Work, _ team: Team) {
    members[team.id].waiting[place(op, work)] += lap(team)
  }

  /// A member has done its share of an op.
  func ran(_ op: Int, _ work: Timetable.Work, _ run: Run) {
    let place = place(op, work)
    members[run.team.id].busy[place] += lap(run.team)
    guard run.team.id == 0 else { return }
    let products = ops[op].products(run)
    calls[place] += 1
    multiplyAdds[place] += work == .backward ? products.backward : products.forward
    bytes[place] += work == .backward ? backwardBytes(op, run) : forwardBytes(op, run)
    members[0].last = Clock.seconds()
  }

  private func lap(_ team: Team) -> Double {
    let (member, now) = (members[team.id], Clock.seconds())
    defer { member.last = now }
    return now - member.last
  }

  private func forwardBytes(_ op: Int, _ run: Run) -> Int {
    bytes(ops[op].operands + ops[op].writes, run)
  }

  /// What it kept, the gradients of what it wrote, and those of what it read.
  private func backwardBytes(_ op: Int, _ run: Run) -> Int {
    let targets = ops[op].reads.enumerated().filter { run.target($0.offset) != nil }
    let written = ops[op].writes.filter { run.gradient($0) != nil }
    return bytes(ops[op].keeps + written + targets.map(\.element), run)
  }

  private func bytes(_ values: [Value], _ run: Run) -> Int {
    values.reduce(0) { sum, value in
      // An op of a source runs on the source's batch.
      let rows = value.space == .source ? run.batch.source?.rows ?? run.rows : run.rows
      return sum + value.width * rows * MemoryLayout<Float>.stride
    }
  }

  /// All that was noted, ops of one kind together, in the order in which they first ran.
  package var times: [OpTime] {
    var times: [OpTime] = []
    var places: [String: Int] = [:]
    for (index, pass) in Self.passes.enumerated() {
      for op in ops.indices where calls[index * ops.count + op] > 0 {
        let kind = ops[op].kind
        let place = places[pass.rawValue + kind] ?? times.count
        if place == times.count {
          places[pass.rawValue + kind] = place
          times.append(OpTime(kind: kind, pass: pass))
        }
        add(index * ops.count + op, to: &times[place])
      }
    }
    return times
  }

  private func add(_ place: Int, to time: inout OpTime) {
    let count = Double(members.count)
    time.calls += calls[place]
    time.seconds += members.reduce(0) { $0 + $1.busy[place] } / count
    time.waiting += members.reduce(0) { $0 + $1.waiting[place] } / count
    time.multiplyAdds += multiplyAdds[place]
    if multiplyAdds[place] == 0 { time.bytes += bytes[place] }
  }
}
