// Names of pictures: paths, data URIs, and what is neither.
import SVFTImages
import SVFTTensor
import TestKit
import Testing

@Suite struct ImageSourceTests {
  @Test func pathsBeginInTheFolderOfTheirTable() throws {
    #expect(try ImageSource("a/b.png", in: "/data") == .file("/data/a/b.png"))
    #expect(try ImageSource("/c.png", in: "/data") == .file("/c.png"))
    #expect(try ImageSource("c.png") == .file("c.png"))
    let failure = #expect(throws: SVFTError.self) { try ImageSource("") }
    #expect(failure?.kind == .invalidArgument)
  }

  @Test func contentsMayStandInTheName() throws {
    // "P5\n2 1\n255\n" and the numbers 65, 66.
    let image = try ImageSource("data:image/x-portable-graymap;base64,UDUKMiAxCjI1NQpBQg==").image()
    #expect(image.width == 2 && list(image) == [65, 66])
    #expect(try ImageSource("data:;base64,UDUKMiAxCjI1NQpBQg==").image().height == 1)
  }

  @Test(arguments: [
    "data:", "data:,abc", "data:;base64", "data:image/png,UDUK", "data:;base64,*",
    "data:;base64,", "data:;base64,AAAA",
  ])
  func otherURIsAreErrors(_ uri: String) {
    let failure = #expect(throws: SVFTError.self) { try ImageSource(uri).image() }
    #expect(failure?.kind == .format)
    #expect((failure?.message.count ?? 0) < 300)
  }

  @Test func whatIsNoFileIsAnError() throws {
    let folder = try TemporaryFolder()
    for name in ["none.png", "."] {
      let failure = #expect(throws: SVFTError.self) {
        try ImageSource(name, in: folder.path).image()
      }
      #expect(failure?.kind == .io)
    }
  }
}
