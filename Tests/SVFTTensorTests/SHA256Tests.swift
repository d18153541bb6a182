// Published vectors of FIPS 180-4, by the processor's own instructions and without them, and that
// cutting the stream anywhere changes nothing.
import SVFTTensor
import Testing

@Suite struct SHA256Tests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ]) func publishedVectors(text: String, expected: String) {
    #expect(SHA256.of(text) == expected)
    #expect(SHA256.plainly { SHA256.of(text) } == expected)
  }

  @Test func aMillionLettersInPiecesOfEveryLength() {
    let letters = [UInt8](repeating: 0x61, count: 1000)
    var hash = SHA256()
    var left = 1_000_000
    var piece = 1
    letters.withUnsafeBytes { bytes in
      while left > 0 {
        let count = min(piece, left)
        hash.update(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        left -= count
        piece = piece % 997 + 1
      }
    }
    #expect(
      hash.hexadecimal == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func instructionsOfTheProcessorGiveTheSameHash() {
    var source = RandomSource(seed: 3, purpose: "bytes")
    let bytes = (0..<5000).map { _ in UInt8(truncatingIfNeeded: source.next()) }
    func hash(_ count: Int) -> [UInt8] {
      var hash = SHA256()
      bytes.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      return hash.digest
    }
    for count in Array(0...300) + [4096, 4999] {
      #expect(hash(count) == SHA256.plainly { hash(count) }, "\(count) bytes")
    }
  }

  @Test func readingTheDigestDoesNotEndTheStream() {
    var hash = SHA256()
    for length in 0..<200 {
      #expect(hash.hexadecimal == SHA256.of(String(repeating: "x", count: length)))
      hash.update("x")
    }
  }
}
