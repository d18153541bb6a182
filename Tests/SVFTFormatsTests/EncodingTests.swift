// Metadata values as bytes of a file: compared with bytes written here by hand.
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct EncodingTests {
  typealias H = HostileFiles

  @Test(arguments: [
    (GGUFValue.integer(-2, .int8), UInt32(1), [0xFE] as [UInt8]),
    (.integer(200, .uint8), 0, [200]), (.integer(0x1234, .uint16), 2, [0x34, 0x12]),
    (.integer(-2, .int16), 3, [0xFE, 0xFF]), (.integer(7, .uint32), 4, [7, 0, 0, 0]),
    (.integer(-2, .int32), 5, [0xFE, 0xFF, 0xFF, 0xFF]),
    (.integer(.min, .int64), 11, [0, 0, 0, 0, 0, 0, 0, 0x80]),
    (.unsigned(.max), 10, [UInt8](repeating: 0xFF, count: 8)),
    (.float32(-1.5), 6, [0, 0, 0xC0, 0xBF]), (.float64(1), 12, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F]),
    (.bool(true), 7, [1]), (.string("é"), 8, [2, 0, 0, 0, 0, 0, 0, 0, 0xC3, 0xA9]),
  ])
  func scalarsAreTypeIdAndLittleEndianBytes(
    _ value: GGUFValue, _ type: UInt32, _ bytes: [UInt8]
  ) throws {
    try expect(value, H.bytes(type) + bytes)
  }

  @Test func arraysSayElementTypeAndCount() throws {
    let expected =
      H.bytes(UInt32(9)) + H.bytes(UInt32(5)) + H.bytes(UInt64(2)) + [1, 0, 0, 0]
      + [0xFF, 0xFF, 0xFF, 0xFF]
    try expect(.ints([1, -1]), expected)
    try expect(
      .strings(["", "x"]),
      H.bytes(UInt32(9)) + H.bytes(UInt32(8)) + H.bytes(UInt64(2)) + H.bytes(UInt64(0))
        + H.ggufString("x"))
  }

  private func expect(_ value: GGUFValue, _ bytes: [UInt8]) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("f.gguf")
    try GGUFWriter.write(path, [], metadata: [("key", value)])
    let header = Array("GGUF".utf8) + H.bytes(UInt32(3)) + H.bytes(UInt64(0)) + H.bytes(UInt64(1))
    let start = header + H.ggufString("key") + bytes
    #expect(Array(try MappedFile(path).buffer.array.prefix(start.count)) == start)
  }
}
