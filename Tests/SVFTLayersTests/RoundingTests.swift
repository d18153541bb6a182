// Integer products are products with activations as Q8_0 has them, at every number of tokens and
// for every product that shares a rounding; F32 steps leave it out.
import SVFTLayers
import SVFTTensor
import Testing

struct RoundingTests {
  private static let formats = ElementFormats.encodable.filter(\.prefersIntegerActivations).map(
    \.name)

  /// x as Q8_0 has it.
  private func rounded(_ x: [Float]) throws -> [Float] {
    let format = try ElementFormats.required("Q8_0")
    let bytes = try Buffer(byteCount: format.rowBytes(x.count))
    var result = x
    format.encode(x, count: x.count, into: bytes.pointer)
    format.decode(bytes.pointer, count: x.count, into: &result)
    return result
  }

  private func product(_ weight: Weight, _ x: [Float]) throws -> [Float] {
    let (w, columns) = (try Replay.decoded(weight), weight.columns)
    return (0..<x.count / columns).flatMap { t in
      (0..<weight.rows).map { r in
        Float(
          (0..<columns).reduce(0.0) {
            $0 + Double(w[r * columns + $1]) * Double(x[t * columns + $1])
          })
      }
    }
  }

  @Test(arguments: formats, [32, 96, 256, 544])
  func productsTakeActivationsAsQ8HasThem(_ name: String, columns: Int) throws {
    let format = try ElementFormats.required(name)
    guard format.fits(columns: columns) else { return }
    let slots = try ["v", "w"].map {
      try Replay.slot($0, rows: 37, Replay.numbers(37 * columns, $0), format: format)
    }
    for tokens in Array(1...18) + [33] {
      let x = Replay.numbers(tokens * columns, "x\(tokens)")
      let near = try rounded(x)
      for (index, slot) in slots.enumerated() {
        for compute in [Compute.standard, .f32] {
          let found = try Replay.output(
            lengths: [tokens], [(columns, x)], prepare: { $0.compute = compute }
          ) { graph, inputs in
            try slots.map { try graph.linear(inputs[0], $0, bias: nil) }[index]
          }
          let expected = try product(slot.weight, compute == .standard ? near : x)
          #expect(Replay.distance(found, expected) < 2e-4, "\(tokens) tokens, \(compute)")
        }
      }
    }
  }
}
