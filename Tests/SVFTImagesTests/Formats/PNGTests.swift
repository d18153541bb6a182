// PNG: what colours mean is not asked.
import SVFTImages
import SVFTTensor
import Testing

@Suite struct PNGTests {
  @Test func numbersAreTakenAsTheyAre() throws {
    // The same picture with and without a chunk that calls its numbers linear.
    let (plain, gamma) = try (
      PictureFixtures.source("rgb.png").image(), PictureFixtures.source("gamma.png").image()
    )
    #expect(list(plain) == list(gamma))
  }

  @Test func alphaIsReadBesideTheColors() throws {
    #expect(try PictureFixtures.source("rgba.png").image().channels == 4)
    #expect(try PictureFixtures.source("gray-alpha.png").image().channels == 2)
    #expect(try PictureFixtures.source("gray.png").image().channels == 1)
  }

  @Test func chunkLengthsThatLieAreErrors() throws {
    var bytes = try PictureFixtures.bytes("gamma.png")
    let gamma = try #require(
      bytes.indices.first { bytes[$0...].starts(with: Array("gAMA".utf8)) })
    for length in [[0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF], [0, 0, 0, 200]] as [[UInt8]]
    {
      bytes.replaceSubrange(gamma - 4..<gamma, with: length)
      #expect(throws: SVFTError.self) { try decoded(bytes) }
    }
  }
}
