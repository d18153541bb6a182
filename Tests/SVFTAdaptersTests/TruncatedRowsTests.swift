// Adapters that leave of W its first directions alone, as the authors' code does with a rank.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct TruncatedRowsTests {
  /// W' of each projection at some scale, W decoded and changed.
  private func merged(
    _ method: any AdapterMethod, scale: Float, rowsAtOnce: Int
  ) throws -> [[Float]] {
    try method.projections.map { projection in
      let weight = projection.weight.weight
      var values = [Float](repeating: 0, count: weight.rows * weight.columns)
      try values.withUnsafeMutableBufferPointer { target in
        let base = try #require(target.baseAddress)
        weight.decode(rows: 0..<weight.rows, into: base)
        for first in stride(from: 0, to: weight.rows, by: rowsAtOnce) {
          try method.addDelta(
            projection, rows: first..<min(weight.rows, first + rowsAtOnce), scale: scale,
            to: base + first * weight.columns)
        }
      }
      return values
    }
  }

  private func kind(_ body: () throws -> Void) -> SVFTError.Kind? {
    do { try body() } catch { return (error as? SVFTError)?.kind }
    return nil
  }

  @Test(arguments: ElementFormats.small.map(\.name))
  func whatIsLeftIsTheBestOfItsRank(_ name: String) throws {
    let format = try #require(ElementFormats.named(name))
    let model = try TinyChain(format, interleaved: true)
    let method = try model.method(["method": "svft", "rank": 5, "residual": false])
    for (projection, cut) in zip(method.projections, try merged(method, scale: 1, rowsAtOnce: 7)) {
      let weight = projection.weight.weight
      let whole = try weight.decoded()
      let numbers = withExtendedLifetime(whole) { Array(whole.values(Float.self)) }
      let (rows, columns) = (weight.rows, weight.columns)
      let before = try SVD.thin(numbers, rows: rows, columns: columns).sigma
      let after = try SVD.thin(cut, rows: rows, columns: columns).sigma
      for k in 0..<5 { #expect(abs(before[k] - after[k]) < 1e-5 * before[0]) }
      #expect(after.dropFirst(5).allSatisfy { $0 < 1e-5 * before[0] })
    }
  }

  @Test func theScaleTakesMAloneAndAnyRowsAtOnceWillDo() throws {
    let model = try TinyChain()
    let method = try model.method(["method": "svft", "rank": 5, "residual": false])
    method.disturb()
    let none = try merged(method, scale: 0, rowsAtOnce: 64)
    let fresh = try merged(
      model.method(["method": "svft", "rank": 5, "residual": false]), scale: 1, rowsAtOnce: 3)
    for (a, b) in zip(none, fresh) { #expect(distance(a, b) < 1e-5) }
  }

  @Test func oneOptionIsTheAuthorsCode() throws {
    func settings(_ more: JSON.Object) throws -> JSON.Object {
      var options = JSON.Object([("method", "svft"), ("authors", true)])
      for (key, value) in more.members { options[key] = value }
      return try TinyChain().method(.object(options)).configuration
    }
    let random = try settings(JSON.Object([("pattern", "random"), ("d", 1), ("rank", 5)]))
    #expect(random["svft_gate"] == true && random["svft_duplicates"] == true)
    #expect(random["svft_residual"] == false && random["svft_form"] == "factored")
    let plain = try settings(JSON.Object())
    #expect(plain["svft_gate"] == true && plain["svft_duplicates"] == false)
    #expect(plain["svft_residual"] == true)
    let mixed = try settings(JSON.Object([("gate", false), ("rank", 5), ("residual", true)]))
    #expect(mixed["svft_gate"] == false && mixed["svft_residual"] == true)
    // M starts random: deviation √(2/count).
    let method = try TinyChain().method(["method": "svft", "authors": true, "pattern": "banded"])
    let values = method.parameters.filter { $0.count > 1 }.map { Array($0.values) }
    for numbers in values {
      let square = numbers.reduce(0) { $0 + $1 * $1 }
      #expect(square > 1 && square < 4)
    }
  }

  @Test func whatAddsToAllOfWCannotBeMadeOfIt() throws {
    let model = try TinyChain()
    let method = try model.method(TinyOptions.cutting[0])
    let projection = method.projections[0]
    #expect(kind { _ = try method.product(projection) } == .unsupported)
    let delta = try DeltaMatrix(rows: projection.rows, columns: projection.columns)
    #expect(
      kind { _ = try method.adopt(WeightChange(delta), on: projection) } == .unsupported)
  }

  @Test func itIsTheFirstOnItsModules() throws {
    let model = try TinyChain()
    let (cutting, adding) = (
      try model.method(TinyOptions.cutting[0]), try model.method(["method": "lora"])
    )
    try AdapterSet.attach(adding)
    #expect(kind { try AdapterSet.attach(cutting) } == .state)
    AdapterSet.detach(adding)
    try AdapterSet.attach(cutting)
    let alone = try model.session().outputs()
    try AdapterSet.attach(adding)
    #expect(distance(alone, try model.session().outputs()) < 1e-6)
  }
}
