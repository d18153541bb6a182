// A graph with its plan and its memory, ready to be replayed any number of times.
package import SVFTTensor

/// Replays a recorded graph: forward, and backward where it was recorded for training.
package final class Program: @unchecked Sendable {
  package let graph: Graph
  package let plan: Plan
  package let arena: Arena
  package let threads: Int
  private let ops: [any Op]
  private let spaces: [RowSpace]
  private let meetings: Meetings
  /// Those of steps of few rows, which leave some ops nothing to do.
  private let fewMeetings: (rows: Int, meetings: Meetings)
  private let queues: [StripQueue]
  private let chains: RowChains
  /// Notes what each op takes, where somebody wants to know.
  package var stopwatch: Stopwatch?
  /// Kept for rehearsals; ops ask the parameters.
  private let gradients: [Buffer]

  /// How often a team meets in a forward replay of so many rows.
  package func meetingCount(rows: Int) -> Int { meetings(rows: rows).before.count { $0 } }

  private func meetings(rows: Int) -> Meetings {
    rows <= fewMeetings.rows ? fewMeetings.meetings : meetings
  }

  /// Plans and allocates for steps of up to `rows` rows, with `sourceRows` of their source.
  ///
  /// Throws `.memory` or `.limit`.
  package convenience init(
    _ graph: Graph, rows: Int, sourceRows: Int = 0, threads: Int
  ) throws(SVFTError) {
    try self.init(graph, Plan(graph, rows: rows, sourceRows: sourceRows), threads: threads)
  }

  /// Allocates what the plan of `graph` says, and gradients of what it trains.
  ///
  /// Throws `.memory`.
  package init(_ graph: Graph, _ plan: Plan, threads: Int) throws(SVFTError) {
    self.graph = graph
    self.plan = plan
    self.threads = threads
    ops = graph.ops
    spaces = ops.map(\.space)
    chains = RowChains(ops, plan)
    meetings = Meetings(ops, chains, plan)
    let few = ops.map(\.idleRows).filter { $0 > 0 }.min() ?? 0
    fewMeetings = (few, Meetings(ops, chains, plan, rows: few))
    // A head alone is the end of a step that a model's layers began.
    queues = graph.layerOutputs.isEmpty ? [] : graph.stripQueues
    arena = try Arena(plan, ops: ops, threads: threads)
    var gradients: [Buffer] = []
    for parameter in graph.training ? graph.parameters : [] {
      gradients.append(try parameter.requireGradient())
    }
    self.gradients = gradients
  }

  /// Computes all values for the rows of `batch`.
  ///
  /// Throws `.limit` for more rows than were planned.
  package func forward(_ batch: Batch) throws(SVFTError) {
    try requireFit(batch)
    guard batch.rows > 0 else { return }
    // Exact products are no faster from strips.
    if batch.compute == .standard { for queue in queues { queue.advance(threads: threads) } }
    let steps = chains.steps
    let (meetings, watch) = (meetings(rows: batch.rows), stopwatch)
    Parallel.run(threads: threads) { team in
      watch?.begin(team)
      for step in steps {
        if meetings.before[step.first] {
          team.barrier()
          watch?.waited(at: step.first, .forward, team)
        }
        // Who is watched runs the ops of a chain one after the other.
        guard !step.isChain || watch != nil else {
          RowChains.forward(step) { run($0, batch, team) }
          continue
        }
        for index in step.ops {
          guard let run = run(index, batch, team) else { continue }
          ops[index].forward(run)
          watch?.ran(index, .forward, run)
        }
      }
    }
  }

  /// Computes all gradients, from the seeds that the caller put into the outputs' gradients.
  ///
  /// Throws `.limit` for more rows than were planned.
  package func backward(_ batch: Batch) throws(SVFTError) {
    try requireFit(batch)
    guard batch.rows > 0 else { return }
    let (steps, watch) = (plan.timetable.backward, stopwatch)
    Parallel.run(threads: threads) { team in
      watch?.begin(team)
      for step in steps {
        guard let run = run(step.op, batch, team) else { continue }
        switch step.work {
        case .backward: ops[step.op].backward(run)
        case .forward, .again: ops[step.op].forward(run)
        }
        watch?.ran(step.op, step.work, run)
        team.barrier()
        watch?.waited(at: step.op, step.work, team)
      }
    }
  }

  /// What an op sees of a step; nil where the step has none of its rows.
  private func run(_ op: Int, _ batch: Batch, _ team: Team) -> Run? {
    guard spaces[op] == .source else {
      return Run(arena: arena, batch: batch, team: team, op: op, space: spaces[op])
    }
    guard let source = batch.source, source.rows > 0 else { return nil }
    return Run(arena: arena, batch: source, team: team, op: op, space: .source)
  }

  /// Ops write as many rows as the batch has: beyond the plan they would write over each other.
  private func requireFit(_ batch: Batch) throws(SVFTError) {
    guard batch.rows <= plan.rows else {
      throw SVFTError(
        .limit, "expected a step of at most \(plan.rows) rows as planned, found \(batch.rows)")
    }
    let source = batch.source?.rows ?? 0
    guard source <= plan.sourceRows else {
      throw SVFTError(
        .limit,
        "expected a source of at most \(plan.sourceRows) rows as planned, found \(source)")
    }
  }

  /// The numbers of an input or output, [rows, width].
  package func values(_ value: Value) -> UnsafeMutablePointer<Float> { arena.pointer(value) }
  /// The gradient of an input or output, [rows, width]; nil where none flows.
  package func gradient(_ value: Value) -> UnsafeMutablePointer<Float>? { arena.gradient(value) }
}
