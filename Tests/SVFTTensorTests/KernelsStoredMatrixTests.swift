// Strips: the same bytes in another order, at every number of rows; they come back bit for bit and
// give the same products as rows.
import SVFTTensor
import TestKit
import Testing

@Suite struct KernelsStoredMatrixTests {
  @Test(arguments: StoredCase.strips)
  func everyRowComesBackFromStripsBitForBit(_ stored: StoredCase) throws {
    for (rows, least) in (1...35).map({ ($0, 64) }) + [(48, 32), (17, 2080)] {
      let columns = stored.format.width(least)
      var numbers = TestNumbers(seed: rows)
      let bytes = stored.sample(rows * columns, &numbers)
      let values = decode(bytes, rows * columns, stored.format)
      try stored.with(bytes, rows: rows, columns: columns) { matrix in
        var copied = [UInt8](repeating: 0, count: bytes.count)
        var decoded = [Float](repeating: .nan, count: rows * columns)
        copied.withUnsafeMutableBytes { target in
          guard let place = target.baseAddress else { return }
          for row in 0..<rows { matrix.copyRow(row, into: place + row * matrix.rowBytes) }
        }
        decoded.withUnsafeMutableBufferPointer { target in
          guard let place = target.baseAddress else { return }
          matrix.decode(rows: 0..<1, into: place)
          if rows > 1 { matrix.decode(rows: 1..<rows, into: place + columns) }
        }
        #expect(copied == bytes)
        #expect(decoded == values)
      }
    }
  }

  /// Whole strips turn in squares, single rows word by word: in every instruction set the same.
  @Test(arguments: StoredCase.strips, Kernels.instructionSets)
  func stripsPackedAsAWholeAreThoseOfTheirRows(
    _ stored: StoredCase, _ set: Kernels.InstructionSet
  ) {
    for (rows, least) in (1...35).map({ ($0, 96) }) + [(16, 32), (33, 2080), (48, 8192)] {
      let columns = stored.format.width(least)
      let bytes = (0..<rows * stored.format.rowBytes(columns)).map {
        UInt8(truncatingIfNeeded: $0 &* 0x9E37_79B9 >> 11)
      }
      func packed(_ parts: [Range<Int>]) -> [UInt8] {
        var packed = [UInt8](repeating: 0x55, count: bytes.count)
        bytes.withUnsafeBytes { source in
          packed.withUnsafeMutableBytes { target in
            guard let from = source.baseAddress, let to = target.baseAddress else { return }
            let matrix = Kernels.StoredMatrix(stored.format, from, rows: rows, columns: columns)
            Kernels.with(set) { for part in parts { matrix.packStrips(rows: part, into: to) } }
          }
        }
        return packed
      }
      let alone = packed((0..<rows).map { $0..<$0 + 1 })
      let isSame = packed([0..<rows]) == alone
      #expect(isSame, "\(rows) × \(columns)")
      let cut = rows / 2 + 1
      let isSameInParts = packed([0..<cut, cut..<rows]) == alone
      #expect(isSameInParts, "\(rows) × \(columns), cut at \(cut)")
    }
  }

  @Test(arguments: StoredCase.strips)
  func stripsDifferFromRowsInOrderAlone(_ stored: StoredCase) {
    let (rows, columns) = (16, stored.format.width(64))
    var numbers = TestNumbers(seed: 1)
    let bytes = stored.sample(rows * columns, &numbers)
    var packed = [UInt8](repeating: 0, count: bytes.count)
    bytes.withUnsafeBytes { source in
      packed.withUnsafeMutableBytes { target in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        Kernels.StoredMatrix(stored.format, from, rows: rows, columns: columns)
          .packStrips(rows: 0..<rows, into: to)
      }
    }
    // Two bytes that words leave over come first, of block 0 of rows 0, 1, 2 …
    let rest = stored.format.blockBytes % 4
    for row in 0..<rows where rest > 0 {
      let block = row * stored.format.rowBytes(columns)
      let places = [block, block + stored.format.blockBytes - rest]
      let found = Array(packed[rest * row..<rest * (row + 1)])
      #expect(places.contains { Array(bytes[$0..<$0 + rest]) == found })
    }
    #expect(packed != bytes)
  }
}
