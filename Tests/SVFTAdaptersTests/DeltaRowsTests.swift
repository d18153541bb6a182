// ΔW from both factors and from one with W, by any number of rows at a time.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct DeltaRowsTests {
  private func delta(_ form: String, _ format: any ElementFormat, rowsAtOnce: Int) throws
    -> [[Float]]
  {
    let model = try TinyChain(format, interleaved: true)
    let method = try model.method([
      "method": "svft", "pattern": "banded", "d": 2, "form": .string(form),
    ])
    method.disturb()
    return try method.projections.map { projection in
      var rows = [Float](repeating: 1, count: projection.rows * projection.columns)
      try rows.withUnsafeMutableBufferPointer { target in
        let base = try #require(target.baseAddress)
        for first in stride(from: 0, to: projection.rows, by: rowsAtOnce) {
          try method.addDelta(
            projection, rows: first..<min(projection.rows, first + rowsAtOnce), scale: 0.3,
            to: base + first * projection.columns)
        }
      }
      return rows
    }
  }

  @Test(arguments: ["factored", "materialised", "one-sided"], ElementFormats.small.map(\.name))
  func everyFormHasTheSameDelta(form: String, format: String) throws {
    let format = try #require(ElementFormats.named(format))
    let expected = try delta("additive", format, rowsAtOnce: 5)
    for (one, other) in zip(expected, try delta(form, format, rowsAtOnce: 64)) {
      #expect(distance(one, other) < 1e-5)
    }
  }

  @Test(arguments: ["additive", "one-sided"])
  func rowsAtOnceChangeNothing(form: String) throws {
    let whole = try delta(form, ElementFormats.f32, rowsAtOnce: 64)
    for (one, other) in zip(whole, try delta(form, ElementFormats.f32, rowsAtOnce: 1)) {
      #expect(distance(one, other) < 1e-6)
    }
  }
}
