// Chains of ops that make rows: nobody waits in them, and what they give is what the ops give one
// after the other, wherever the plan lets values lie.
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

struct RowOpTests {
  private static let width = 32

  /// Random sums, norms, rotations and cuts of one input; the same for any kind of graph.
  private static func random(_ seed: UInt64, training: Bool) throws -> (Graph, Value, [Value]) {
    var choice = RandomSource(seed: seed, purpose: "row ops")
    func pick(_ count: Int) -> Int { Int(choice.uniform(0, Float(count))) % count }
    let graph = Graph(training: training)
    let x = graph.input(width: width)
    var values = [graph.activation(x, .silu)]
    let rotary = RotaryEmbedding(
      inverseFrequencies: [1, 0.5, 0.25, 0.125], order: .halves)
    for step in 0..<24 {
      let value = values[pick(values.count)]
      let name = "\(seed) \(step)"
      func vector(_ kind: String) throws -> Slot {
        try Replay.slot(kind, rows: 1, Replay.numbers(value.width, name + kind), format: F32())
      }
      switch pick(6) {
      case 0: values.append(try graph.rmsNorm(value, weight: vector("w"), epsilon: 1e-5))
      case 1:
        values.append(
          graph.layerNorm(value, weight: try vector("w"), bias: try vector("b"), epsilon: 1e-5))
      case 2 where value.width > 8:
        values.append(try graph.columns(value, ColumnBlocks(first: 4, width: value.width / 2)))
      case 3: values.append(graph.rope(value, rotary, heads: value.width / 8))
      case 4: values.append(graph.addBias(value, try vector("b")))
      default:
        let other = values.last { $0.width == value.width } ?? value
        values.append(graph.add(value, other, scale: pick(2) == 0 ? 1 : 0.5))
      }
    }
    let outputs = Array(values.suffix(3))
    outputs.forEach { graph.output($0) }
    return (graph, x, outputs)
  }

  private static func bits(
    _ seed: UInt64, training: Bool, threads: Int, rows: Int
  ) throws -> [[UInt32]] {
    let (graph, x, outputs) = try random(seed, training: training)
    let program = try Program(graph, rows: rows, threads: threads)
    for (i, number) in Replay.numbers(rows * width, "x").enumerated() {
      program.values(x)[i] = number
    }
    let batch = try Batch(rows: rows, sequences: 1)
    try batch.setRows(rows)
    try program.forward(batch)
    return outputs.map { output in
      (0..<rows * output.width).map { program.values(output)[$0].bitPattern }
    }
  }

  /// Where everything is kept, nothing lies in another's bytes.
  @Test(arguments: 0..<40 as Range<UInt64>)
  func chainsGiveWhatTheirOpsGive(_ seed: UInt64) throws {
    let expected = try Self.bits(seed, training: true, threads: 1, rows: 41)
    for threads in [1, 2, 3] {
      let found = try Self.bits(seed, training: false, threads: threads, rows: 41)
      #expect(found == expected, "\(threads) threads")
    }
  }

  @Test func nobodyWaitsWithinAChain() throws {
    let graph = Graph(training: false)
    let x = graph.input(width: 8)
    let w = try Replay.slot("w", rows: 1, Replay.numbers(8, "w"), format: F32())
    var sum = graph.activation(x, .silu)
    for _ in 0..<4 {
      sum = graph.add(sum, try graph.rmsNorm(sum, weight: w, epsilon: 1e-5))
    }
    graph.output(graph.activation(sum, .silu))
    // Before the chain, and behind it.
    #expect(try Program(graph, rows: 4, threads: 2).meetingCount(rows: 4) == 2)
  }

  @Test func rowsOfOtherWidthsInTheSameBytesAreWaitedFor() throws {
    // In 40 random graphs some plan must put values of two widths into one place.
    let counts = try (0..<40 as Range<UInt64>).map { seed in
      let (graph, _, _) = try Self.random(seed, training: false)
      return try Program(graph, rows: 41, threads: 2).meetingCount(rows: 41)
    }
    #expect(counts.contains { $0 > 1 })
  }
}
