// Reading binary bytes, seen through GGUF headers: each claim is met by what is left of the file,
// and the sentence names the byte.
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct ByteReaderTests {
  typealias H = HostileFiles

  @Test(arguments: [
    (Array("GGUF".utf8) + H.bytes(UInt32(3)) + [1, 2], SVFTError.Kind.truncated, "at byte 8"),
    (
      H.gguf(metadata: [H.ggufString("key", length: 1 << 40)]), .limit,
      "expected at most 1024, found 1099511627776"
    ),
    (H.gguf(metadata: [H.ggufString("key", length: 900)]), .truncated, "expected 900 bytes"),
    (H.gguf(metadata: [H.ggufString("a", length: .max)]), .limit, "found 18446744073709551615"),
    (
      H.gguf(metadata: [H.ggufEntry("a", 8, H.bytes(UInt64(2)) + [0x61, 0xFF])]), .format,
      "found byte 255 at byte 46"
    ),
  ])
  func claimsAreHeldAgainstWhatIsLeft(
    _ file: [UInt8], _ kind: SVFTError.Kind, _ words: String
  ) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("f.gguf", file)
    let error = #expect(throws: SVFTError.self) { try GGUF(path) }
    #expect(error?.kind == kind)
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  @Test func integersAreLittleEndianAndSigned() throws {
    let folder = try TemporaryFolder()
    let metadata = [
      H.ggufEntry("u16", 2, [0x34, 0x12]), H.ggufEntry("i16", 3, [0xFE, 0xFF]),
      H.ggufEntry("i64", 11, [0, 0, 0, 0, 0, 0, 0, 0x80]),
    ]
    let file = try GGUF(folder.write("f.gguf", H.gguf(metadata: metadata)))
    #expect(try file.int("u16") == 0x1234)
    #expect(try file.int("i16") == -2)
    #expect(try file.int("i64") == Int.min)
  }
}
