// From when to when each value and each gradient of a graph must keep its bytes, in times of its
// timetable: a value from the op that writes it to the last that reads or keeps it, and once more
// where it is recomputed; a gradient from its first writer to the backward of the op that made the
// value.

/// Times at which things of a graph must be there.
struct Lifetimes {
  /// Per value, in order and apart.
  private(set) var values: [[ClosedRange<Int>]]
  private(set) var gradients: [ClosedRange<Int>?]

  init(_ graph: Graph, _ flow: GradientFlow, _ timetable: Timetable) {
    values = Array(repeating: [], count: graph.valueCount)
    gradients = Array(repeating: nil, count: graph.valueCount)

    for value in graph.inputs { begin(value, at: 0) }
    for (time, entry) in timetable.entries.enumerated() {
      let op = graph.ops[entry.op]
      guard entry.work == .backward else {
        for value in op.operands { extend(value, to: time) }
        for value in op.writes { begin(value, at: time) }
        continue
      }
      for value in op.keeps { extend(value, to: time) }
      for (read, write) in zip(op.reads, flow.writes[entry.op]) where write != .none {
        extendGradient(read, to: time)
      }
      for value in op.writes where flow.hasGradient[value.id] { extendGradient(value, to: time) }
    }
    // The caller fills inputs and reads outputs, so both keep their bytes throughout, but for an
    // output that is not seeded: nobody reads it behind the way back. The caller also reads the
    // gradients of inputs and fills those of outputs.
    let end = timetable.entries.count
    for value in graph.outputs { extend(value, atLeastTo: timetable.forwardCount) }
    for value in graph.inputs + graph.seededOutputs {
      extend(value, to: end)
      if let first = values[value.id].first?.lowerBound { values[value.id] = [first...end] }
    }
    for value in graph.inputs + graph.seededOutputs where flow.hasGradient[value.id] {
      extendGradient(value, to: end)
      extendGradient(value, to: timetable.forwardCount)
    }
  }

  private mutating func begin(_ value: Value, at time: Int) {
    values[value.id].append(time...time)
  }

  private mutating func extend(_ value: Value, to time: Int) {
    guard let life = values[value.id].popLast() else { return }
    values[value.id].append(life.lowerBound...time)
  }

  private mutating func extend(_ value: Value, atLeastTo time: Int) {
    guard let life = values[value.id].last else { return }
    extend(value, to: max(life.upperBound, time))
  }

  private mutating func extendGradient(_ value: Value, to time: Int) {
    guard let life = gradients[value.id] else {
      gradients[value.id] = time...time
      return
    }
    gradients[value.id] = min(life.lowerBound, time)...max(life.upperBound, time)
  }
}
