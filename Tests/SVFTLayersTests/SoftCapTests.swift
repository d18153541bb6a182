// The cap against its definition.
import SVFTLayers
import Testing

struct SoftCapTests {
  @Test func numbersStayBelowTheCap() throws {
    let x: [Float] = [-1000, -2, -0.001, 0, 0.5, 3, 1000]
    let y = try Replay.output(lengths: [1], [(7, x)]) { graph, inputs in
      graph.softCap(inputs[0], at: 2)
    }
    let expected = x.map { value in
      let twice = exponential(2 * Double(max(-60, min(60, value))) / 2)
      return Float(2 * (twice - 1) / (twice + 1))
    }
    #expect(Replay.distance(y, expected) < 1e-6)
  }
}
