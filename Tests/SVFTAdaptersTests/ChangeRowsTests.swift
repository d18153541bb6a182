// Rows of a change, of every method that makes one: any rows, at any scale, are those of the whole,
// and nothing is written beyond the scratch they ask for.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct ChangeRowsTests {
  @Test(arguments: TinyOptions.all, [false, true])
  func anyRowsAreThoseOfTheWhole(_ options: JSON, interleaved: Bool) throws {
    let model = try TinyChain(interleaved: interleaved)
    let method = try model.method(options)
    method.disturb()
    for projection in method.projections {
      guard let change = try method.changeRows(projection) else { continue }
      let columns = projection.columns
      var whole = [Float](repeating: 0, count: projection.rows * columns)
      try method.addDelta(projection, rows: 0..<projection.rows, scale: 1, to: &whole)
      for rows in [0..<1, 3..<8, projection.rows - 1..<projection.rows] {
        let bytes = change.scratchBytes(rows: rows.count)
        let scratch = try Buffer(byteCount: bytes + 64)
        let guarded = scratch.values(UInt8.self)[bytes...]
        guarded.update(repeating: 0xa5)
        var found = [Float](repeating: 1, count: rows.count * columns)
        change.add(rows, scale: -0.5, to: &found, scratch: scratch.pointer)
        #expect(guarded.allSatisfy { $0 == 0xa5 })
        let expected = whole[rows.lowerBound * columns..<rows.upperBound * columns].map {
          1 - 0.5 * $0
        }
        #expect(shareOfDifference(expected, found) < 1e-12)
        withExtendedLifetime(scratch) {}
      }
    }
  }
}
