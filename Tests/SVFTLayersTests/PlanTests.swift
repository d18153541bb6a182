// A plan may share bytes only between things that never live together; and it must share.
import SVFTLayers
import SVFTTensor
import Testing

struct PlanTests {
  @Test(arguments: 0..<60 as Range<UInt64>, [true, false])
  func sharingBytesChangesNoNumber(seed: UInt64, training: Bool) throws {
    let shared = try RandomGraph(seed: seed, training: training, exposed: false).step()
    let apart = try RandomGraph(seed: seed, training: training, exposed: true).step()
    #expect(shared[0].map(\.bitPattern) == apart[0].map(\.bitPattern))
    for (a, b) in zip(shared, apart) {
      // Sums of several gradients begin with the seed where a value is an output: another order.
      #expect(Replay.distance(a, b) <= 1e-5 * max(1, b.map(abs).max() ?? 0))
    }
  }

  /// A chain of `count` activations of width 16.
  private func chain(_ count: Int, training: Bool) -> Graph {
    let graph = Graph(training: training)
    var x = graph.input(width: 16, differentiable: training)
    for _ in 0..<count { x = graph.activation(x, .tanh) }
    graph.output(x)
    return graph
  }

  @Test func aChainNeedsTwoValuesInInferenceAndAllInTraining() throws {
    let short = try Plan(chain(4, training: false), rows: 8)
    let long = try Plan(chain(40, training: false), rows: 8)
    #expect(short.byteCount == long.byteCount)
    #expect(long.byteCount <= 4 * 8 * 16 * 4)
    let training = try Plan(chain(40, training: true), rows: 8)
    #expect(training.byteCount >= 40 * 8 * 16 * 4)
    #expect(training.byteCount <= 46 * 8 * 16 * 4)
  }

  @Test func piecesBeginOnLines() throws {
    let graph = Graph(training: false)
    let values = (0..<5).map { graph.input(width: $0 + 1) }
    for value in values { graph.output(value) }
    let program = try Program(graph, rows: 3, threads: 2)
    for value in values { #expect(Int(bitPattern: program.values(value)) % 64 == 0) }
  }

  @Test func membersHaveScratchOfTheirOwn() throws {
    // A bias in F16 is decoded into 2 × 37 bytes too many for whole lines.
    let slot = try Replay.slot("b", Replay.numbers(37, "b"), format: ElementFormats.f16)
    let graph = Graph(training: false)
    graph.output(graph.addBias(graph.input(width: 37), slot))
    let plan = try Plan(graph, rows: 1)
    #expect(plan.memberScratch >= 37 * 4)
    #expect(plan.memberScratch % 64 == 0)
    #expect(plan.totalBytes(threads: 3) - plan.totalBytes(threads: 2) == plan.memberScratch)
  }

  @Test func absurdSizesAreAnError() {
    #expect(throws: SVFTError.self) { try Plan(chain(2, training: false), rows: Int.max / 8) }
  }
}
