// Which gradients exist: a value has one if something trainable lies upstream of it and an output
// (or the loss) downstream. Everything else is neither stored nor computed.

/// For each op, whether its backward runs and how it writes the gradient of each read.
struct GradientFlow {
  /// How an op writes the gradient of one of its reads.
  enum Write { case none, assign, accumulate }

  /// Ops whose backward runs.
  private(set) var active: [Bool]
  /// Per op, per read.
  private(set) var writes: [[Write]]
  /// Values that have a gradient, by id.
  private(set) var hasGradient: [Bool]

  init(_ graph: Graph) {
    let ops = graph.ops
    var wanted = [Bool](repeating: false, count: graph.valueCount)
    for input in graph.differentiableInputs { wanted[input.id] = true }
    for op in ops {
      for value in op.writes where op.trains(wanted) { wanted[value.id] = true }
    }

    active = [Bool](repeating: false, count: ops.count)
    writes = ops.map { [Write](repeating: .none, count: $0.reads.count) }
    hasGradient = [Bool](repeating: false, count: graph.valueCount)
    guard graph.training else { return }
    // Of what the caller seeds, the first writer in the graph already accumulates.
    for output in graph.seededOutputs where wanted[output.id] { hasGradient[output.id] = true }

    for index in ops.indices.reversed() {
      let op = ops[index]
      let isLoss = op.writes.isEmpty
      let flows = isLoss || op.writes.contains { hasGradient[$0.id] }
      guard flows, op.trains(wanted) else { continue }
      active[index] = true
      for (position, value) in op.reads.enumerated() where wanted[value.id] {
        writes[index][position] = hasGradient[value.id] ? .accumulate : .assign
        hasGradient[value.id] = true
      }
    }
  }
}
