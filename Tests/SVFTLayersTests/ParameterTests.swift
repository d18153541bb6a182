// A parameter is a weight whose numbers may change.
import SVFTLayers
import SVFTTensor
import Testing

struct ParameterTests {
  @Test func itsWeightSharesItsNumbers() throws {
    let parameter = try Parameter("m", rows: 2, columns: 3, shape: [6])
    #expect(parameter.count == 6)
    #expect(parameter.shape == [6])
    #expect(parameter.values.allSatisfy { $0 == 0 })
    parameter.values[4] = 7
    #expect(try Replay.decoded(parameter.weight) == [0, 0, 0, 0, 7, 0])
    #expect(try Parameter("m", rows: 2, columns: 3).shape == [2, 3])
  }

  @Test func aGradientIsThereAsSoonAsSomebodyTrains() throws {
    let parameter = try Parameter("m", rows: 3, columns: 3)
    for training in [false, true] {
      let graph = Graph(training: training)
      graph.output(try graph.linear(graph.input(width: 3), trained: parameter))
      _ = try Program(graph, rows: 2, threads: 1)
      #expect(parameter.gradients.count == (training ? 9 : 0))
    }
    #expect(parameter.gradients.allSatisfy { $0 == 0 })
    // Another program adds to the same numbers.
    parameter.gradients[4] = 7
    _ = try parameter.requireGradient()
    #expect(parameter.gradients[4] == 7)
    parameter.dropGradient()
    #expect(parameter.gradients.isEmpty)
  }

  @Test func aRehearsalCountsAGradientOnceAndLeavesNone() throws {
    let parameter = try Parameter("m", rows: 64, columns: 16)
    let rehearsal = MemoryLedger.rehearsal()
    try rehearsal.keep { () throws(SVFTError) in
      let kept = [try parameter.requireGradient(), try parameter.requireGradient()]
      withExtendedLifetime(kept) {}
    }
    #expect(rehearsal.peak == 64 * 16 * 4)
    #expect(rehearsal.used == 0)
    #expect(parameter.gradient == nil)
    // What a rehearsal makes itself has its gradient in it.
    try rehearsal.keep { () throws(SVFTError) in
      let own = try Parameter("own", rows: 64, columns: 16)
      _ = try own.requireGradient()
      #expect(own.gradients.count == 64 * 16)
    }
  }

  @Test func noNumbersAreRefused() {
    #expect(throws: SVFTError.self) { try Parameter("m", rows: 0, columns: 3) }
  }
}
