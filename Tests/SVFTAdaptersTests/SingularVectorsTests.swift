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
    let model = try TinyChain(factors: FactorStore(threads: 1))
    let (both, one, rounded) = (
      try bytes(model, .both), try bytes(model, .one("F32")), try bytes(model, .one("Q8_0"))
    )
    let orders = [32, 24, 24]
    for (index, projection) in model.sites.projections.prefix(3).enumerated() {
      let order = orders[index]
      #expect(both[index] == order * (projection.rows + projection.columns) * 4)
      #expect(one[index] == order * order * 4)
      #expect(rounded[index] < one[index])
    }
    // Directions of 24 numbers are no whole blocks: they are F16, two bytes each.
    #expect(rounded[1] < 24 * 24 * 3)
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

  /// Both factors of all modules are 18 944 bytes, one of each 8704.
  @Test(arguments: [Int.max, 10_000]) func withoutRoomForBothItIsOne(limit: Int) throws {
    let store = FactorStore(threads: 1)
    store.admit = { (bytes) throws(SVFTError) in
      guard bytes <= limit else { throw SVFTError(.memory, "no room for \(bytes) bytes") }
    }
    let model = try TinyChain(factors: store)
    func forms(_ options: JSON) throws -> Set<String> {
      Set(try model.method(options).plan.members.map { try $0.1.root("plan").string("form") })
    }
    let expected: Set = limit == .max ? ["additive", "one-sided"] : ["one-sided"]
    #expect(try forms(["method": "svft", "form": "auto"]) == expected)
    let additive = try? forms(["method": "svft", "form": "additive"])
    #expect((additive == nil) == (limit < .max))
  }

  /// Both factors fit, and what decomposing takes beside them does not.
  @Test func whereDecomposingFindsNoRoomItIsOneToo() throws {
    let store = FactorStore(threads: 1)
    var asked = 0
    store.admit = { (_) throws(SVFTError) in
      asked += 1
      guard asked != 2 else { throw SVFTError(.memory, "no room to decompose") }
    }
    let model = try TinyChain(factors: store)
    for (_, plan) in try model.method(["method": "svft", "form": "auto"]).plan.members {
      #expect(try plan.root("plan").string("form") == "one-sided")
    }
    #expect(asked > 2)
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
        let stored = projection.weight.rowOrder.stored(row)
        for column in 0..<projection.columns {
          expected[row * projection.columns + column] = rows[stored * projection.columns + column]
        }
      }
      #expect(distance(expected, Array(dense.buffer.values(Float.self).prefix(rows.count))) < 1e-5)
    }
  }
}
