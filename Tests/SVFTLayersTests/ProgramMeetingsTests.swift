// Members meet where ops depend on each other, and nowhere else: products of one value follow each
// other, their rounding is shared, and any team gives the same bits.
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

struct ProgramMeetingsTests {
  /// Three products of one value, and the sum of two of them.
  private static func program(
    _ format: any ElementFormat, training: Bool = false, threads: Int
  ) throws -> (program: Program, input: Value, outputs: [Value]) {
    let graph = Graph(training: training)
    let x = graph.input(width: 64)
    let products = try (0..<3).map { number in
      try graph.linear(
        x, Replay.slot("w", rows: 80, Replay.numbers(80 * 64, "w\(number)"), format: format),
        bias: nil)
    }
    let outputs = products + [graph.add(products[0], products[1])]
    outputs.forEach { graph.output($0) }
    return (try Program(graph, rows: 5, threads: threads), x, outputs)
  }

  /// Before the sum; before the products where activations are rounded first: to BF16 in steps of
  /// many rows alone.
  @Test(arguments: ElementFormats.small.map(\.name))
  func productsOfOneValueFollowEachOther(_ name: String) throws {
    let format = try #require(ElementFormats.all.first { $0.name == name })
    let inTiles = format.toleratesBF16 && Kernels.instructionSet >= .avx512bf16
    let inBytes = format.prefersIntegerActivations
    let program = try Self.program(format, threads: 2).program
    #expect(program.meetingCount(rows: 1000) == (inBytes || inTiles ? 2 : 1))
    #expect(program.meetingCount(rows: 2) == (inBytes ? 2 : 1))
    let trained = try Self.program(format, training: true, threads: 2).program
    #expect(trained.meetingCount(rows: 1000) == (inTiles ? 2 : 1))
    #expect(trained.meetingCount(rows: 2) == 1)
  }

  /// A step of one row may be about a text of many.
  @Test func aRoundingOfOtherRowsThanTheStepsIsWaitedFor() throws {
    let graph = Graph(training: false)
    let product = try graph.over(.source) {
      try graph.linear(
        graph.input(width: 64),
        Replay.slot("w", rows: 80, Replay.numbers(80 * 64, "w"), format: BF16()),
        bias: nil)
    }
    graph.output(product)
    let program = try Program(graph, rows: 1, sourceRows: 40, threads: 2)
    let rounds = Kernels.instructionSet >= .avx512bf16
    #expect(program.meetingCount(rows: 1) == (rounds ? 1 : 0))
  }

  @Test(arguments: ElementFormats.small.map(\.name))
  func anyTeamGivesTheSameBits(_ name: String) throws {
    let format = try #require(ElementFormats.all.first { $0.name == name })
    let results = try [1, 2, 3, 5].map { threads in
      let (program, input, outputs) = try Self.program(format, threads: threads)
      for (i, number) in Replay.numbers(5 * 64, "x").enumerated() {
        program.values(input)[i] = number
      }
      let batch = try Batch(rows: 5, sequences: 1)
      try batch.setRows(5)
      try program.forward(batch)
      return outputs.map { output in
        (0..<5 * output.width).map { program.values(output)[$0].bitPattern }
      }
    }
    #expect(results.dropFirst().allSatisfy { $0 == results[0] })
  }

  /// A chain depends link by link; what a later op writes may lie where an earlier one reads.
  @Test func aChainMeetsBeforeEveryLink() throws {
    let graph = Graph(training: false)
    var x = graph.input(width: 8)
    for _ in 0..<6 { x = graph.activation(x, .silu) }
    graph.output(x)
    #expect(try Program(graph, rows: 4, threads: 2).meetingCount(rows: 4) == 5)
  }
}
