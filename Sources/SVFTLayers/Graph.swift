// The recording of a forward pass. An architecture describes its computation once (`let h =
// graph.norm(x, …)`); the graph keeps the ops in order. Each op file adds its own verb to Graph.
package import SVFTTensor

/// A recorded forward pass: ops in order, inputs, outputs.
///
/// Planned and replayed by `Program`.
package final class Graph {
  package private(set) var ops: [any Op] = []
  package private(set) var inputs: [Value] = []
  package private(set) var outputs: [Value] = []
  /// Those whose gradients the caller fills.
  private(set) var seededOutputs: [Value] = []
  /// Inputs whose gradient the caller wants.
  package private(set) var differentiableInputs: Set<Value> = []
  /// Whether the graph will be trained: dropout is recorded, and keeps are planned.
  package let training: Bool
  /// Whether a training step computes what its backward needs a second time, instead of keeping it.
  package let recomputes: Bool
  /// Adapters that may act on some rows of a step.
  package let lanes: [Lane]
  /// The lanes that what is recorded now is for; nil for all rows.
  package private(set) var scope: LaneScope?
  /// What each layer gives, for whoever compares or watches; none of it is kept unless it is made
  /// an output.
  package private(set) var layerOutputs: [Value] = []
  /// Indices of the ops that begin a segment (Timetable.swift).
  private(set) var segmentStarts: [Int] = []
  /// Every value handed out, by its id.
  private(set) var values: [Value] = []
  /// The matrices behind its products that are to come into strips: of one model, as a rule.
  private(set) var stripQueues: [StripQueue] = []
  /// Whose rows the values have that are recorded now.
  package private(set) var space = RowSpace.step

  package init(training: Bool, recomputes: Bool = false, lanes: [Lane] = []) {
    self.training = training
    self.recomputes = recomputes
    self.lanes = lanes
  }

  /// A new value for an op to write.
  package func value(width: Int) -> Value {
    let value = Value(id: values.count, width: width, space: space)
    values.append(value)
    return value
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

  /// Says that `value` is what a layer gives.
  package func endLayer(_ value: Value) { layerOutputs.append(value) }

  /// Records what `body` does for the rows of some lanes alone: ops that know lanes leave out the
  /// others, whose numbers are then undefined, and sums give them what they had.
  package func within(
    _ lanes: [Int], _ body: () throws(SVFTError) -> Value
  ) throws(SVFTError) -> Value {
    let outer = scope
    scope = LaneScope(lanes, of: self.lanes.count)
    defer { scope = outer }
    return try body()
  }

  /// Records what `body` does for rows of `space`: its ops must write no others.
  package func over<Result, Failure>(
    _ space: RowSpace, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let outer = self.space
    self.space = space
    defer { self.space = outer }
    return try body()
  }

  /// Notes that a product with `weight` is recorded.
  func multiplies(_ weight: Weight) {
    guard let queue = weight.strips?.queue, !stripQueues.contains(where: { $0 === queue }) else {
      return
    }
    stripQueues.append(queue)
  }

  /// Appends an op.
  package func record(_ op: any Op) { ops.append(op) }

  /// Marks a value that outlives the replay: the caller reads it and, where it is `seeded`, fills
  /// its gradient before the way back. Else the graph's own loss begins the gradient.
  package func output(_ value: Value, seeded: Bool = true) {
    outputs.append(value)
    if seeded { seededOutputs.append(value) }
  }

  /// Number of values handed out so far; ids are below it.
  package var valueCount: Int { values.count }

  /// Parameters of all ops, each once, in order of first use.
  package var parameters: [Parameter] {
    var seen: Set<ObjectIdentifier> = []
    return ops.flatMap(\.parameters).filter { seen.insert(ObjectIdentifier($0)).inserted }
  }
}
