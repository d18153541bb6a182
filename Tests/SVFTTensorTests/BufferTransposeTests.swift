// Every number goes where its row and column change places, also at the tails of the squares.
import Testing

import SVFTTensor

@Suite struct BufferTransposeTests {
  @Test(arguments: [0, 1, 7, 31, 32, 33, 64, 65], [1, 5, 32, 45])
  func everyNumberIsWhereItsRowAndColumnChangePlaces(rows: Int, columns: Int) throws {
    let buffer = try Buffer(of: Float.self, count: rows * columns)
    for index in 0..<rows * columns { buffer.values(Float.self)[index] = Float(index) }
    let turned = try buffer.transposed(rows: rows, columns: columns)
    for row in 0..<rows {
      for column in 0..<columns {
        #expect(turned.values(Float.self)[column * rows + row] == Float(row * columns + column))
      }
    }
  }

  @Test func aProductBeyond64BitsIsRefused() throws {
    let buffer = try Buffer(of: Float.self, count: 4)
    #expect(throws: SVFTError.self) { try buffer.transposed(rows: Int.max, columns: 2) }
  }
}
