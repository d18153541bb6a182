// The transpose of F32 numbers that lie row by row: to[c · rows + r] = from[r · columns + c].
//
// In squares whose rows and columns both stay in the first cache: of a factor with thousands of
// columns, every number written one by one would fetch a line of its own.

extension Buffer {
  /// Numbers a side of a square.
  private static let side = 32

  /// The transpose [columns, rows] of these F32 numbers [rows, columns].
  ///
  /// Throws `.memory`.
  package func transposed(rows: Int, columns: Int) throws(SVFTError) -> Buffer {
    let result = try Buffer(
      of: Float.self, count: Checked.product(rows, columns, "a transpose"))
    guard !MemoryLedger.isRehearsing else { return result }
    let (from, to) = (values(Float.self), result.values(Float.self))
    for top in stride(from: 0, to: rows, by: Self.side) {
      for left in stride(from: 0, to: columns, by: Self.side) {
        for row in top..<min(rows, top + Self.side) {
          for column in left..<min(columns, left + Self.side) {
            to[column * rows + row] = from[row * columns + column]
          }
        }
      }
    }
    return result
  }
}
