// Graphs without sense but with every shape of life: values read at once, late, twice or never.
import SVFTLayers
import SVFTTensor
import TestKit

/// A random graph of cheap ops over one input, the same for equal seeds.
struct RandomGraph {
  let graph: Graph
  let input: Value
  let last: Value
  /// Every value that was recorded.
  let all: [Value]
  let parameter: Parameter

  /// `exposed` marks every value as an output, so that none shares its bytes with another; where
  /// activations are recomputed, segments begin at random.
  init(seed: UInt64, training: Bool, exposed: Bool, recomputes: Bool = false) throws {
    var random = RandomSource(seed: seed, purpose: "graph")
    var cuts = RandomSource(seed: seed, purpose: "segments")
    graph = Graph(training: training, recomputes: recomputes)
    input = graph.input(width: 9, differentiable: training)
    parameter = try Parameter("w", rows: 9, columns: 9)
    for i in parameter.values.indices { parameter.values[i] = random.uniform(-0.4, 0.4) }
    let functions: [ActivationFunction] = [.tanh, .silu, .gelu, .sigmoid]
    var values = [input]
    for _ in 0..<25 {
      if cuts.below(4) == 0 { graph.beginSegment() }
      let a = values[random.below(values.count)]
      let b = values[max(0, values.count - 1 - random.below(3))]
      switch random.below(7) {
      case 0: values.append(graph.activation(a, functions[random.below(4)]))
      case 1: values.append(graph.add(a, b, scale: 0.5))
      case 2: values.append(graph.gated(a, b, functions[random.below(4)]))
      case 3: values.append(graph.normalize(b))
      case 4: values.append(graph.add(a, b))
      case 5: values.append(try graph.linear(b, trained: parameter, addedTo: a, scale: -0.5))
      default: values.append(try graph.linear(b, trained: parameter))
      }
    }
    last = values[values.count - 1]
    all = values
    graph.output(last)
    if exposed { for value in values.dropLast() { graph.output(value) } }
  }

  /// The last value, the input's gradient and the parameter's gradient after one step.
  func step(threads: Int = 1) throws -> [[Float]] {
    let program = try Program(graph, rows: 6, threads: threads)
    let batch = try Batch(rows: 6, sequences: 1)
    try batch.append([Int32](repeating: 0, count: 6))
    batch.training = graph.training
    for i in 0..<54 { program.values(input)[i] = Float(i % 7) / 3 - 1 }
    try program.forward(batch)
    let result = (0..<54).map { program.values(last)[$0] }
    guard graph.training else { return [result] }
    for output in graph.outputs {
      guard let gradient = program.gradient(output) else { continue }
      for i in 0..<54 { gradient[i] = output == last ? Float(i % 5) - 2 : 0 }
    }
    parameter.gradients.update(repeating: 0)
    try program.backward(batch)
    let dx = program.gradient(input)
    return [result, (0..<54).map { dx?[$0] ?? 0 }, Array(parameter.gradients)]
  }
}
