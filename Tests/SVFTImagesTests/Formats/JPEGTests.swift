// JPEG: gray stays gray, and a file that ends too early is no picture.
import SVFTImages
import SVFTTensor
import Testing

@Suite struct JPEGTests {
  @Test func grayHasOneChannel() throws {
    #expect(try PictureFixtures.source("gray.jpg").image().channels == 1)
    #expect(try PictureFixtures.source("colors.jpg").image().channels == 3)
  }

  @Test func fourInksAreRefusedByName() throws {
    let bytes = try PictureFixtures.bytes("foreign/inks.jpg")
    let failure = #expect(throws: SVFTError.self) { try decoded(bytes) }
    #expect(failure?.kind == .unsupported)
    #expect(failure?.message.contains("four inks (CMYK): save it as RGB") == true)
  }

  @Test(arguments: ["colors.jpg", "progressive.jpg", "gray.jpg"])
  func halfAFileIsTruncated(_ name: String) throws {
    let bytes = try PictureFixtures.bytes(name)
    let failure = #expect(throws: SVFTError.self) {
      try decoded(Array(bytes[..<(bytes.count - 60)]))
    }
    #expect(failure?.kind == .truncated, "\(failure?.message ?? "")")
  }
}
