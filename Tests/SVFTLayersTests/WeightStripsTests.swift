// A weight in strips is the same weight: its rows, its stored pieces and its products' bytes. What
// this processor does not multiply faster from strips stays as it lies.
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

struct WeightStripsTests {
  /// The pieces that a weight hands over, and how large each was.
  private func pieces(_ weight: Weight) throws -> (bytes: [UInt8], sizes: [Int]) {
    var (bytes, sizes): ([UInt8], [Int]) = ([], [])
    try weight.eachStoredPiece { (piece) throws(SVFTError) in
      bytes += Array(piece)
      sizes.append(piece.count)
    }
    return (bytes, sizes)
  }

  @Test(arguments: ArrangedPair.formats.map(\.name), ArrangedPair.heights)
  func storedPiecesAreTheBytesOfTheFile(format: String, rows: Int) throws {
    let format = try ElementFormats.required(format)
    let pair = try ArrangedPair(format, rows: rows, columns: format.width(96))
    let file = pair.rows.bytes.array
    let isReordered = pair.strips.bytes.array != file
    let (whole, parts) = (try pieces(pair.rows), try pieces(pair.strips))
    let areEqual = whole.bytes == file && parts.bytes == file
    // Words of one row lie as they lay.
    #expect((isReordered || rows == 1) && areEqual && whole.sizes == [file.count])
    #expect(parts.sizes.allSatisfy { $0 % pair.rows.matrix.rowBytes == 0 })
  }

  @Test(arguments: ArrangedPair.formats.map(\.name))
  func aPieceThatIsRefusedEndsTheRest(format: String) throws {
    let format = try ElementFormats.required(format)
    let pair = try ArrangedPair(format, rows: 130, columns: format.width(32))
    var count = 0
    let error = #expect(throws: SVFTError.self) {
      try pair.strips.eachStoredPiece { (_) throws(SVFTError) in
        count += 1
        if count == 2 { throw SVFTError(.noSpace, "full") }
      }
    }
    #expect(error?.kind == .noSpace && count == 2)
  }

  @Test(arguments: ElementFormats.encodable.map(\.name), ArrangedPair.heights)
  func packingKeepsEveryRow(format: String, rows: Int) throws {
    let format = try ElementFormats.required(format)
    let weight = try ArrangedPair.weight(format, rows: rows, columns: format.width(64))
    for threads in [1, 2, 3] {
      let packed = try weight.inStrips(threads: threads)
      guard rows > 1, format.kernels.hasStrips else {
        #expect(packed === weight)
        continue
      }
      #expect(packed.matrix.arrangement == .strips)
      let isSame = try packed.bytes.array == ArrangedPair(weight).strips.bytes.array
      #expect(isSame, "\(threads) threads")
      #expect(try packed.inStrips(threads: threads) === packed)
    }
  }

  @Test(arguments: ArrangedPair.formats.map(\.name), ArrangedPair.heights)
  func rowsAreDecodedFromTheirPlaceInStrips(format: String, rows: Int) throws {
    let format = try ElementFormats.required(format)
    let columns = format.width(64)
    let pair = try ArrangedPair(format, rows: rows, columns: columns)
    let expected = try Replay.decoded(pair.rows)
    #expect(try Replay.decoded(pair.strips) == expected)
    var last = [Float](repeating: .nan, count: columns)
    pair.strips.decode(rows: rows - 1..<rows, into: &last)
    #expect(last == Array(expected.suffix(columns)))
  }
}
