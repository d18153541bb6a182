// The two arrangements of a weight: into strips (Kernels+StoredMatrix.swift), at once or while the
// model works (StripQueue.swift), and rows as files have them from either.
package import SVFTTensor

extension Weight {
  private var canBeInStrips: Bool {
    matrix.arrangement == .rows && rows > 1 && format.kernels.hasStrips
  }

  /// Whether the matrix is in strips or will be.
  package var comesIntoStrips: Bool { matrix.arrangement != .rows }

  /// This matrix where this processor multiplies its format faster from strips: of a mapped file,
  /// so that it comes into them in its turn in `queue`. Else itself.
  ///
  /// Throws nothing that making this weight has not thrown before.
  package func inStripsLater(_ queue: StripQueue) throws(SVFTError) -> Weight {
    guard canBeInStrips, bytes.isFile else { return self }
    return try Weight(
      format: format, rows: rows, columns: columns, bytes: bytes, arrangement: .rowsAsStrips,
      trainsInBF16: trainsInBF16, strips: LateStrips(format, matrix, bytes, queue))
  }

  /// This matrix in strips where this processor multiplies its format faster so, else itself.
  ///
  /// Strips lie in `run`, where there is one. Throws `.memory`.
  package func inStrips(threads: Int, in run: BufferRun? = nil) throws(SVFTError) -> Weight {
    guard canBeInStrips else { return self }
    let strips = try Buffer(byteCount: bytes.byteCount, in: run)
    if !MemoryLedger.isRehearsing {
      Parallel.run(threads: threads) { team in
        matrix.packStrips(rows: rows(of: team), into: strips.pointer)
      }
    }
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
    let matrix = matrix
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
