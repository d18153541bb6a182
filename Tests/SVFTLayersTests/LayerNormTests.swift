// Layer normalisation against its definition in Double, far from zero too.
import SVFTLayers
import Testing

struct LayerNormTests {
  @Test(arguments: [0, 1000] as [Float])
  func equalsItsDefinition(offset: Float) throws {
    let width = 384
    let x = Replay.numbers(2 * width, "x").map { $0 + offset }
    let (w, b) = (Replay.numbers(width, "w"), Replay.numbers(width, "b"))
    let (weight, bias) = (try Replay.slot("w", w), try Replay.slot("b", b))
    let y = try Replay.output(lengths: [2], [(width, x)]) {
      $0.layerNorm($1[0], weight: weight, bias: bias, epsilon: 1e-12)
    }
    for row in 0..<2 {
      let part = x[row * width..<(row + 1) * width].map(Double.init)
      let mean = part.reduce(0, +) / Double(width)
      let spread = (part.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)).squareRoot()
      let expected = part.indices.map {
        Float((part[$0] - mean) / spread * Double(w[$0]) + Double(b[$0]))
      }
      // Far away the numbers themselves are rounded to 6e-5, the mean to as much.
      let bar: Float = offset == 0 ? 3e-6 : 2e-4
      #expect(Replay.distance(Array(y[row * width..<(row + 1) * width]), expected) < bar)
    }
  }
}
