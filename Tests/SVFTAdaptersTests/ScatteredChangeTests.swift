// Rows of a change in any order: those of the whole, by any number of threads.
import SVFTAdapters
import SVFTFormats
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct ScatteredChangeTests {
  @Test(arguments: TinyOptions.all, [1, 3])
  func rowsInAnyOrderAreThoseOfTheWhole(_ options: JSON, threads: Int) throws {
    let model = try TinyChain()
    let method = try model.method(options)
    method.disturb()
    for projection in method.projections {
      guard let change = try method.change(of: projection, threads: threads) else { continue }
      let (rows, columns) = (projection.rows, projection.columns)
      var whole = [Float](repeating: 0, count: rows * columns)
      try method.addDelta(projection, rows: 0..<rows, scale: 1, to: &whole)
      let all = [Int](0..<rows)
      let halves = all.filter { $0 % 2 == 0 } + all.filter { $0 % 2 == 1 }
      let orders: [[Int]] = [
        all, all.reversed(), halves, Array(all.dropFirst(rows / 3)), [rows - 1], [],
      ]
      for order in orders {
        var found = [Float](repeating: 1, count: order.count * columns)
        change.add(order, scale: -0.5, to: &found)
        var expected: [Float] = []
        for row in order {
          expected += whole[row * columns..<(row + 1) * columns].map { 1 - 0.5 * $0 }
        }
        #expect(found.isEmpty || shareOfDifference(expected, found) < 1e-12)
      }
    }
  }
}
