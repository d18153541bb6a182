// Netpbm: headers with comments, and headers that are none.
import SVFTImages
import SVFTTensor
import Testing

@Suite struct NetpbmTests {
  @Test func headersMayHaveComments() throws {
    let bytes = Array("P5 # gray\n# 2 3\n2\t1\r255\n".utf8) + [0x20, 0x23]
    let image = try decoded(bytes)
    #expect(image.width == 2 && image.height == 1 && list(image) == [0x20, 0x23])
    let colors = try decoded(Array("P6\n1 1\n255\n".utf8) + [1, 2, 3, 4])
    #expect(colors.channels == 3 && list(colors) == [1, 2, 3])
  }

  static let broken: [(text: String, kind: SVFTError.Kind)] = [
    ("P5\n2 1\n255\nx", .truncated), ("P5\n2 1\n255", .truncated),
    ("P5\n2 1\n65535\nxxxx", .unsupported),
    ("P5\n-2 1\n255\nxx", .format), ("P5\n0 1\n255\nxx", .format), ("P5\na 1\n255\nxx", .format),
    ("P5\n999999999999 1\n255\nxx", .format), ("P5\n99999999 99999999\n255\nxx", .limit),
    ("P5\n2", .truncated), ("P2\n1 1\n255\n1", .format), ("P5\n2 1\n255 x", .truncated),
  ]

  @Test(arguments: broken) func headersThatLieAreErrors(
    _ file: (text: String, kind: SVFTError.Kind)
  ) {
    let failure = #expect(throws: SVFTError.self) { try decoded(Array(file.text.utf8)) }
    #expect(failure?.kind == file.kind, "\(failure?.message ?? "")")
  }
}
