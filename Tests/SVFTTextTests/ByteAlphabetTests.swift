// GPT-2's alphabet of bytes.
import SVFTText
import Testing

@Suite struct ByteAlphabetTests {
  @Test func everyByteComesBack() {
    let bytes = (0..<256).map { UInt8($0) }
    #expect(ByteAlphabet.decode(ByteAlphabet.encode(bytes)) == bytes)
    #expect(Set(ByteAlphabet.scalars).count == 256)
  }

  @Test func theKnownCharactersStandForTheirBytes() {
    #expect(ByteAlphabet.decode(Array("ĠĊA!ÃŃ".utf8)) == [0x20, 0x0A, 0x41, 0x21, 0xC3, 0xAD])
  }

  @Test(arguments: ["a b", "中", "\u{144}", "\u{AD}"]) func otherCharactersAreRefused(_ text: String)
  {
    #expect(ByteAlphabet.decode(Array(text.utf8)) == nil)
  }

  @Test(arguments: [
    [0x41, 0xC4], [0xC4, 0x41], [0xC1, 0x81], [0x80], [0xC4, 0xC4, 0xA0], [0xFF],
  ])
  func bytesThatAreNoCharactersAreRefused(_ bytes: [UInt8]) {
    #expect(ByteAlphabet.decode(bytes) == nil)
  }
}
