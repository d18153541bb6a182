// Libraries of the system: what they read, and the words when one is missing or refuses.
import SVFTImages
import SVFTTensor
import Testing

@Suite struct CodecTests {
  @Test func whyAFileIsBrokenIsSaid() throws {
    var bytes = try PictureFixtures.bytes("rgb.png")
    bytes[29] ^= 1  // the checksum of the header
    let failure = #expect(throws: SVFTError.self) { try decoded(bytes) }
    #expect(failure?.kind == .format)
    #expect(failure?.message.contains("the picture: PNG: expected a whole picture") == true)
  }

  @Test func aHeaderThatAsksForTooMuchIsALimit() throws {
    var bytes = try PictureFixtures.bytes("colors.jpg")
    let frame = try #require(
      bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
    bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0, 0xFF, 0])
    let failure = #expect(throws: SVFTError.self) { try decoded(bytes) }
    #expect(failure?.kind == .limit)
    #expect(failure?.message.contains("65280×65280") == true)
  }
}
