// What a store keeps of a decomposition, and who shares it.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import Testing

@Suite struct SingularVectorsTests {
  private func bytes(_ model: TinyChain, _ storage: SingularVectors.Storage) throws -> [Int] {
    try model.factors.vectors(
      model.sites.projections.map(\.weight), FactorStore.Wish(storage: storage)
    ).map(\.byteCount)
  }

  /// [32, 32], [24, 32], [32, 24]: both factors are n(out + in) numbers, one is n².
  @Test func oneFactorIsTheShorterOneAlone() throws {
    #expect(try bytes(TinyChain(), .both).prefix(3) == [2 * 32 * 32 * 4, 24 * 56 * 4, 24 * 56 * 4])
    #expect(try bytes(TinyChain(), .one("F32")).prefix(3) == [32 * 32 * 4, 24 * 24 * 4, 24 * 24 * 4])
    // Directions of 24 numbers are no whole blocks: they are F16.
    let model = try TinyChain(factors: FactorStore(threads: 1))
    #expect(try bytes(model, .one("Q8_0")).dropFirst().prefix(2) == [24 * 24 * 2, 24 * 24 * 2])
  }

  @Test func adaptersOfOneKindShareThem() throws {
    let model = try TinyChain()
    let options: JSON = ["method": "svft", "factors": "q8_0"]
    _ = try model.method(options)
    let once = model.factors.byteCount
    _ = try model.method(options)
    #expect(model.factors.byteCount == once)
    _ = try model.method(["method": "svft", "form": "additive"])
    #expect(model.factors.byteCount > once)
  }

  /// Where both are there already, nothing is decomposed a second time.
  @Test func oneFactorIsTakenFromBoth() throws {
    let model = try TinyChain()
    let slots = model.sites.projections.map(\.weight)
    _ = try model.factors.vectors(slots)
    model.factors.progress = { _, _, _ in false }
    #expect(try model.factors.vectors(slots, FactorStore.Wish(storage: .one("BF16"))).count == 4)
  }

  /// What others get of an adapter with one rounded factor is what it computes.
  @Test(arguments: ["f32", "bf16", "q8_0"])
  func theProductIsTheChange(format: String) throws {
    let model = try TinyChain(interleaved: true)
    let method = try model.method([
      "method": "svft", "pattern": "banded", "d": 2, "factors": .string(format),
      "form": "one-sided",
    ])
    method.disturb()
    for projection in method.projections {
      var rows = [Float](repeating: 0, count: projection.rows * projection.columns)
      try method.addDelta(projection, rows: 0..<projection.rows, scale: 1, to: &rows)
      let product = try method.product(projection)
      let dense = try product.left.times(product.core).times(product.right)
      var expected = rows
      for row in 0..<projection.rows {
        let stored = projection.weight.stored(row)
        for column in 0..<projection.columns {
          expected[row * projection.columns + column] = rows[stored * projection.columns + column]
        }
      }
      #expect(distance(expected, Array(dense.buffer.values(Float.self).prefix(rows.count))) < 1e-5)
    }
  }
}
