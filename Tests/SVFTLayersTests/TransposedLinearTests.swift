// Products with the transpose, of every format; gradients are under the contract.
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

struct TransposedLinearTests {
  @Test(arguments: ElementFormats.encodable.map(\.name), [1, 2, 19])
  func equalsTheDecodedProduct(_ name: String, tokens: Int) throws {
    let format = try #require(ElementFormats.named(name))
    let columns = format.width(96)
    let slot = try Replay.slot("w", rows: 75, Replay.numbers(75 * columns, "w"), format: format)
    let w = try Replay.decoded(slot.weight)
    let x = Replay.numbers(tokens * 75, "x")
    let y = try Replay.output(lengths: [tokens], [(75, x)]) {
      try $0.transposedLinear($1[0], frozen: slot.weight)
    }
    var expected: [Float] = []
    for t in 0..<tokens {
      for k in 0..<columns {
        var sum = 0.0
        for r in 0..<75 { sum += Double(w[r * columns + k]) * Double(x[t * 75 + r]) }
        expected.append(Float(sum))
      }
    }
    #expect(Replay.distance(y, expected) < 1e-4)
  }

  @Test func otherWidthsAreRefused() throws {
    let graph = Graph(training: false)
    let slot = try Replay.slot("w", rows: 2, [1, 2, 3, 4, 5, 6])
    #expect(throws: SVFTError.self) {
      try graph.transposedLinear(graph.input(width: 3), frozen: slot.weight)
    }
  }
}
