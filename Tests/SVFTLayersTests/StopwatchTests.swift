// A watch counts what ops did and changes nothing of it.
import SVFTFormats
import SVFTLayers
import SVFTTensor
import Testing

struct StopwatchTests {
  /// y = V tanh(W x), trained.
  private static func graph(recomputes: Bool = false) throws -> (Graph, Value) {
    let graph = Graph(training: true, recomputes: recomputes)
    let x = graph.input(width: 32, differentiable: true)
    let slot = try Replay.slot("w", rows: 16, Replay.numbers(16 * 32, "w"))
    graph.beginSegment()
    let turned = try graph.linear(x, frozen: slot.weight)
    let bent = graph.activation(turned, .tanh)
    if recomputes { graph.beginSegment() }
    let second = try Replay.slot("v", rows: 32, Replay.numbers(16 * 32, "v"))
    graph.output(try graph.linear(bent, frozen: second.weight))
    return (graph, x)
  }

  private static func step(_ program: Program, _ x: Value, watch: Stopwatch?) throws -> [Float] {
    let batch = try Batch(rows: 5, sequences: 1)
    try batch.setRows(5)
    batch.training = true
    program.stopwatch = watch
    let numbers = Replay.numbers(5 * 32, "x")
    for (i, number) in numbers.enumerated() { program.values(x)[i] = number }
    try program.forward(batch)
    let y = try #require(program.graph.outputs.first)
    let g = try #require(program.gradient(y))
    for i in 0..<5 * 32 { g[i] = program.values(y)[i] }
    try program.backward(batch)
    let dx = try #require(program.gradient(x))
    return (0..<5 * 32).map { program.values(y)[$0] } + (0..<5 * 32).map { dx[$0] }
  }

  @Test(arguments: [1, 2, 3]) func everyOpIsCountedAndNoBitChanges(threads: Int) throws {
    let (graph, x) = try Self.graph()
    let program = try Program(graph, rows: 5, threads: threads)
    let plain = try Self.step(program, x, watch: nil)
    let watch = Stopwatch(program)
    for _ in 0..<3 { #expect(try Self.step(program, x, watch: watch) == plain) }
    let times = watch.times
    #expect(times.map(\.pass) == [.forward, .forward, .forward, .backward, .backward, .backward])
    #expect(
      times.map(\.kind) == [
        "Linear 16x32 F32", "Activation", "Linear 32x16 F32", "Linear 16x32 F32", "Activation",
        "Linear 32x16 F32",
      ])
    for time in times {
      #expect(time.calls == 3 && time.seconds > 0 && time.seconds < 10 && time.waiting >= 0)
      let isProduct = time.kind != "Activation"
      #expect(time.multiplyAdds == (isProduct ? 3 * 5 * 16 * 32 : 0))
      #expect((time.bytes > 0) == !isProduct)
    }
    // x and y; there, y, its gradient and that of x.
    #expect(times[1].bytes == 3 * 5 * 4 * (16 + 16))
    #expect(times[4].bytes >= 3 * 5 * 4 * (16 + 16 + 16))
  }

  @Test func aWatchThatIsTakenAwayNotesNothing() throws {
    let (graph, x) = try Self.graph()
    let program = try Program(graph, rows: 5, threads: 2)
    let watch = Stopwatch(program)
    _ = try Self.step(program, x, watch: nil)
    #expect(watch.times.isEmpty)
    _ = try Self.step(program, x, watch: watch)
    let calls = watch.times.map(\.calls)
    _ = try Self.step(program, x, watch: nil)
    #expect(watch.times.map(\.calls) == calls)
  }

  @Test func whatIsComputedAgainStandsApart() throws {
    let (graph, x) = try Self.graph(recomputes: true)
    let program = try Program(graph, rows: 5, threads: 1)
    let watch = Stopwatch(program)
    _ = try Self.step(program, x, watch: watch)
    let again = watch.times.filter { $0.pass == .again }
    #expect(again.map(\.kind) == ["Linear 16x32 F32"] && again.allSatisfy { $0.calls == 1 })
  }

  /// Pairs that are seen: all of a text of 4 and of one of 3, causal.
  @Test func attentionCountsWhatIsSeen() throws {
    let graph = Graph(training: false)
    let values = (0..<3).map { _ in graph.input(width: 8) }
    let shape = AttentionShape(
      heads: 2, keyValueHeads: 2, headWidth: 4, scale: 0.5, causal: true, layer: 0)
    graph.output(graph.attention(values[0], values[1], values[2], shape))
    let program = try Program(graph, rows: 7, threads: 2)
    let batch = try Batch(rows: 7, sequences: 2)
    for count in [4, 3] { try batch.append([Int32](repeating: 0, count: count)) }
    let watch = Stopwatch(program)
    program.stopwatch = watch
    try program.forward(batch)
    #expect(watch.times.map(\.multiplyAdds) == [2 * (10 + 6) * 8])
  }
}
