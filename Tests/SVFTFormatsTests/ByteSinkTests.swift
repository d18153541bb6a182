// Written bytes: all of them, in order, and counted.
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct ByteSinkTests {
  /// Around the size of the sink's own buffer, where pieces pass it by.
  @Test(arguments: [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
  func piecesOfEverySizeArrive(_ size: Int) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("f")
    let piece = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ 5) }
    var positions: [Int] = []
    try AtomicFile.write(path) { (sink) throws(SVFTError) in
      for bytes in [[1], piece, [2], piece] {
        try sink.write(bytes)
        positions.append(sink.position)
      }
    }
    #expect(positions == [1, 1 + size, 2 + size, 2 + 2 * size])
    #expect(try MappedFile(path).buffer.array == [1] + piece + [2] + piece)
  }

  @Test func paddingFillsToTheNextMultiple() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("f")
    try AtomicFile.write(path) { (sink) throws(SVFTError) in
      try sink.pad(to: 32)
      try sink.write("é")
      try sink.pad(to: 8)
      try sink.pad(to: 8)
    }
    #expect(try MappedFile(path).buffer.array == Array("é".utf8) + [0, 0, 0, 0, 0, 0])
  }
}
