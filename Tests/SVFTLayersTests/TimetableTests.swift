// Recomputing activations changes no bit of a gradient, and a long chain needs the memory of its
// segments' ends and of one segment.
import SVFTLayers
import SVFTTensor
import Testing

struct TimetableTests {
  @Test(arguments: 0..<120 as Range<UInt64>)
  func recomputingChangesNoBit(seed: UInt64) throws {
    let kept = try RandomGraph(seed: seed, training: true, exposed: false).step()
    for threads in [1, 3] {
      let again = try RandomGraph(seed: seed, training: true, exposed: false, recomputes: true)
        .step(threads: threads)
      for (a, b) in zip(kept, again) { #expect(a.map(\.bitPattern) == b.map(\.bitPattern)) }
    }
  }

  /// Activations of width 16, in segments of ten.
  private func chain(_ count: Int, training: Bool, recomputes: Bool) -> Graph {
    let graph = Graph(training: training, recomputes: recomputes)
    var x = graph.input(width: 16, differentiable: training)
    for number in 0..<count {
      if number % 10 == 0 { graph.beginSegment() }
      x = graph.activation(x, .tanh)
    }
    graph.output(x)
    return graph
  }

  @Test func aChainNeedsItsEndsAndOneSegment() throws {
    let value = 8 * 16 * 4
    let kept = try Plan(chain(100, training: true, recomputes: false), rows: 8)
    #expect(kept.byteCount >= 100 * value)
    let plan = try Plan(chain(100, training: true, recomputes: true), rows: 8)
    #expect(plan.byteCount >= 20 * value && plan.byteCount <= 26 * value)
    let inference = try Plan(chain(100, training: false, recomputes: true), rows: 8)
    #expect(inference.byteCount <= 4 * value)
  }

  /// y = x, counting how often.
  private final class Counter: Op, @unchecked Sendable {
    let x: Value
    let y: Value
    private(set) var count = 0
    init(_ x: Value, _ y: Value) { (self.x, self.y) = (x, y) }
    var reads: [Value] { [x] }
    var writes: [Value] { [y] }
    var keeps: [Value] { [] }

    func forward(_ run: Run) {
      count += 1
      run.pointer(y).update(from: run.pointer(x), count: run.rows * x.width)
    }
    func backward(_ run: Run) {
      guard let g = run.gradient(y), let dx = run.target(0) else { return }
      for i in 0..<run.rows * x.width {
        dx.pointer[i] = (dx.accumulate ? dx.pointer[i] : 0) + g[i]
      }
    }
  }

  /// What is read as a shadow alone is not computed, but what its backward keeps is; gradients flow
  /// as if all were.
  @Test(arguments: [false, true], [false, true])
  func shadowsAreNotComputed(recomputes: Bool, isSeen: Bool) throws {
    let graph = Graph(training: true, recomputes: recomputes)
    let x = graph.input(width: 19, differentiable: true)
    func counter(_ x: Value) -> Counter {
      let op = Counter(x, graph.value(width: 19))
      graph.record(op)
      return op
    }
    graph.beginSegment()
    let kept = counter(x)
    let bend = graph.activation(kept.y, .tanh)
    let unseen = counter(bend)
    let weight = try Replay.slot("w", rows: 19, Replay.numbers(19 * 19, "w")).weight
    let y = try graph.linear(x, frozen: weight, shadow: unseen.y)
    graph.beginSegment()
    let output = counter(isSeen ? graph.add(y, unseen.y, scale: 0) : y)
    graph.output(output.y)
    let batch = try Batch(rows: 3, sequences: 1)
    try batch.setRows(3)
    let program = try Program(graph, rows: 3, threads: 1)
    let numbers = Replay.numbers(57, "x")
    for (i, number) in numbers.enumerated() { program.values(x)[i] = number }
    try program.forward(batch)
    #expect((kept.count, unseen.count, output.count) == (1, isSeen ? 1 : 0, 1))
    let seed = try #require(program.gradient(output.y))
    for i in 0..<57 { seed[i] = 1 }
    try program.backward(batch)
    #expect(output.count == 1)
    let gradient = try #require(program.gradient(x))
    let w = try Replay.decoded(weight)
    for i in 0..<57 {
      // dx = Wᵀ 1 + (1 - tanh² x) · 1
      let column = (0..<19).reduce(Double(0)) { $0 + Double(w[$1 * 19 + i % 19]) }
      let square = exponential(2 * Double(numbers[i]))
      let tanh = (square - 1) / (square + 1)
      #expect(abs(Double(gradient[i]) - column - (1 - tanh * tanh)) < 1e-4)
    }
  }
}
