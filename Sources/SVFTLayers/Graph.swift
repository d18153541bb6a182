// The recording of a forward pass. An architecture describes its computation once (`let h =
// graph.norm(x, …)`); the graph keeps the ops in order. Each op file adds its own verb to Graph.

/// A recorded forward pass: ops in order, inputs, outputs.
///
/// Planned and replayed by `Program`.
package final class Graph {
  package private(set) var ops: [any Op] = []
  package private(set) var inputs: [Value] = []
  package private(set) var outputs: [Value] = []
  /// Inputs whose gradient the caller wants.
  package private(set) var differentiableInputs: Set<Value> = []
  /// Whether the graph will be trained: dropout is recorded, and keeps are planned.
  package let training: Bool
  /// Whether a training step computes what its backward needs a second time, instead of keeping it.
  package let recomputes: Bool
  /// Indices of the ops that begin a segment (Timetable.swift).
  private(set) var segmentStarts: [Int] = []
  private var count = 0

  package init(training: Bool, recomputes: Bool = false) {
    self.training = training
    self.recomputes = recomputes
  }

  /// A new value for an op to write.
  package func value(width: Int) -> Value {
    defer { count += 1 }
    return Value(id: count, width: width)
  }

  /// A value that the caller fills before each replay.
  package func input(width: Int, differentiable: Bool = false) -> Value {
    let value = value(width: width)
    inputs.append(value)
    if differentiable { differentiableInputs.insert(value) }
    return value
  }

  /// Says that what follows is a part of its own, like a layer: recomputed, it needs of what came
  /// before only the values it reads.
  package func beginSegment() { segmentStarts.append(ops.count) }

  /// Appends an op.
  package func record(_ op: any Op) { ops.append(op) }

  /// Marks a value that outlives the replay: the caller reads it and may seed its gradient.
  package func output(_ value: Value) { outputs.append(value) }

  /// Number of values handed out so far; ids are below it.
  package var valueCount: Int { count }

  /// Parameters of all ops, each once, in order of first use.
  package var parameters: [Parameter] {
    var seen: Set<ObjectIdentifier> = []
    return ops.flatMap(\.parameters).filter { seen.insert(ObjectIdentifier($0)).inserted }
  }
}
