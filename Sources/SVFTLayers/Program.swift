// A graph with its plan and its memory, ready to be replayed any number of times.
package import SVFTTensor

/// Replays a recorded graph: forward, and backward where it was recorded for training.
package final class Program: @unchecked Sendable {
  package let graph: Graph
  package let plan: Plan
  package let arena: Arena
  package let threads: Int
  private let ops: [any Op]

  /// Plans and allocates for steps of up to `rows` rows.
  ///
  /// Throws `.memory` or `.limit`.
  package init(_ graph: Graph, rows: Int, threads: Int) throws(SVFTError) {
    self.graph = graph
    self.threads = threads
    ops = graph.ops
    plan = try Plan(graph, rows: rows)
    arena = try Arena(plan, ops: ops, threads: threads)
  }

  /// Computes all values for the rows of `batch`.
  package func forward(_ batch: Batch) {
    guard batch.rows > 0 else { return }
    Parallel.run(threads: threads) { team in
      for index in ops.indices {
        ops[index].forward(Run(arena: arena, batch: batch, team: team, op: index))
        team.barrier()
      }
    }
  }

  /// Computes all gradients, from the seeds that the caller put into the outputs' gradients.
  package func backward(_ batch: Batch) {
    guard batch.rows > 0 else { return }
    let active = plan.flow.active
    Parallel.run(threads: threads) { team in
      for index in ops.indices.reversed() where active[index] {
        ops[index].backward(Run(arena: arena, batch: batch, team: team, op: index))
        team.barrier()
      }
    }
  }

  /// The numbers of an input or output, [rows, width].
  package func values(_ value: Value) -> UnsafeMutablePointer<Float> { arena.pointer(value) }
  /// The gradient of an input or output, [rows, width]; nil where none flows.
  package func gradient(_ value: Value) -> UnsafeMutablePointer<Float>? { arena.gradient(value) }
}
