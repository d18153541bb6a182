// The two arrangements of a weight: into strips (Kernels+StoredMatrix.swift), and rows as files
// have them from either.
package import SVFTTensor

extension Weight {
  /// This matrix in strips where this processor multiplies its format faster so, else itself.
  ///
  /// Pages of a mapped file are given back, so that only one of the two stays in memory. Throws
  /// `.memory`.
  package func inStrips(threads: Int) throws(SVFTError) -> Weight {
    guard matrix.arrangement == .rows, rows > 1, format.kernels.hasStrips else { return self }
    let strips = try Buffer(byteCount: bytes.byteCount)
    if !MemoryLedger.isRehearsing {
      Parallel.run(threads: threads) { team in
        for chunk in team.share(of: rowChunks) {
          matrix.packStrips(rows: rows(ofChunk: chunk), into: strips.pointer)
        }
      }
    }
    bytes.releasePages()
    return try Weight(
      format: format, rows: rows, columns: columns, bytes: strips, arrangement: .strips)
  }

  /// Hands over the bytes of all rows in order, as files have them, in one piece or several.
  ///
  /// Throws what `body` throws, and `.memory`.
  package func eachStoredPiece(
    _ body: (UnsafeRawBufferPointer) throws(SVFTError) -> Void
  ) throws(SVFTError) {
    defer { withExtendedLifetime(self) {} }
    guard matrix.arrangement == .strips else { return try body(bytes.bytes) }
    let piece = try Buffer(byteCount: min(rows, Weight.rowChunk) * matrix.rowBytes)
    for chunk in 0..<rowChunks {
      let range = rows(ofChunk: chunk)
      for (place, row) in range.enumerated() {
        matrix.copyRow(row, into: piece.pointer + place * matrix.rowBytes)
      }
      try body(UnsafeRawBufferPointer(start: piece.pointer, count: range.count * matrix.rowBytes))
    }
  }
}
