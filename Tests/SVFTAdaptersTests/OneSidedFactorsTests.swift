// One rounded factor: what W makes of it has length 1 and is near W's own direction; what rounding
// would spoil is exact.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import Testing

@Suite struct OneSidedFactorsTests {
  /// ΔW of each module for one coefficient 1.
  private func change(_ options: JSON, direction: Int) throws -> [[Float]] {
    let model = try TinyChain(interleaved: true)
    let method = try model.method(options)
    for parameter in method.parameters { parameter.values[direction] = 1 }
    return try method.projections.map { projection in
      var rows = [Float](repeating: 0, count: projection.rows * projection.columns)
      try method.addDelta(projection, rows: 0..<projection.rows, scale: 1, to: &rows)
      return rows
    }
  }

  private func norm(_ values: some Sequence<Float>) -> Double {
    values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
  }

  /// Rounding of the stored direction (0.4 % in Q8_0) and what W makes of it (2 % at most).
  @Test(arguments: ["f16", "bf16", "q8_0"], [0, 1, 11, 22, 23])
  func everyDirectionStaysNearItsOwn(format: String, direction: Int) throws {
    let rounded = try change(["method": "svft", "factors": .string(format)], direction: direction)
    let exact = try change(["method": "svft", "form": "additive"], direction: direction)
    for (one, other) in zip(rounded, exact) {
      #expect(abs(norm(one) - 1) < 0.01)
      #expect(norm(zip(one, other).lazy.map { $0 - $1 }) < 0.03)
    }
  }

  @Test func whatRoundingWouldSpoilIsKeptExact() throws {
    let model = try TinyChain()
    func exact(_ format: String) throws -> [Int] {
      let method = try model.method(["method": "svft", "factors": .string(format)])
      return try method.plan.members.map {
        try $0.1.root("plan").int("exact_directions", default: 0)
      }
    }
    let (fine, coarse) = (try exact("bf16"), try exact("q8_0"))
    // The square one has the smallest singular values.
    #expect(coarse[0] > 0 && coarse[0] < 32)
    #expect(zip(fine, coarse).allSatisfy { $0 <= $1 })
    #expect(try exact("f16").reduce(0, +) <= fine.reduce(0, +))
  }

  @Test(arguments: ["additive", "factored", "materialised"])
  func otherFormsNeedBothFactors(form: String) throws {
    let failure = #expect(throws: SVFTError.self) {
      try TinyChain().method(["method": "svft", "factors": "q8_0", "form": .string(form)])
    }
    #expect(failure?.kind == .invalidArgument && failure?.message.contains(form) == true)
  }

  /// Directions whose σ cannot be divided by have no cells.
  @Test func directionsThatWCannotCompleteAreLeftOut() throws {
    let buffer = try Buffer(of: Float.self, count: 16)
    for (index, value) in [1, 0.5, 1e-7, 1e-8].enumerated() {
      buffer.values(Float.self)[index * 5] = Float(value)
    }
    let slot = Slot(
      name: "m.weight",
      weight: try Weight(format: ElementFormats.f32, rows: 4, columns: 4, bytes: buffer),
      shape: [4, 4])
    let sites = ModelSites(
      projections: [Projection(name: "m", weight: slot, bias: nil)], heads: [], slots: [])
    let options = try AdapterOptions([
      "method": "svft", "pattern": "banded", "d": 3, "factors": "bf16",
    ])
    let method = try options.method().init(options, sites, FactorStore())
    #expect(method.parameters[0].count == 4)
    #expect(try method.plan.object("m").int("left_out", default: 0) == 2)
  }
}
