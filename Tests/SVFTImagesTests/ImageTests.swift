// Pictures in memory: channels, middles, and sizes against Pillow.
import SVFTFormats
import SVFTImages
import SVFTTensor
import Testing

@Suite struct ImageTests {
  private func image(_ width: Int, _ channels: Int, _ numbers: [UInt8]) throws -> Image {
    let image = try Image(
      width: width, height: numbers.count / width / channels, channels: channels)
    _ = image.numbers.update(fromContentsOf: numbers)
    return image
  }

  @Test func alphaIsDroppedAndGrayIsEveryColor() throws {
    let picture = try image(2, 2, [10, 200, 20, 0])
    #expect(list(try picture.converted(toChannels: 1)) == [10, 20])
    #expect(list(try picture.converted(toChannels: 3)) == [10, 10, 10, 20, 20, 20])
    let colors = try image(1, 4, [255, 0, 0, 7])
    #expect(list(try colors.converted(toChannels: 3)) == [255, 0, 0])
    #expect(list(try colors.converted(toChannels: 1)) == [76])
  }

  @Test func middlesAreCutAndFramed() throws {
    let picture = try image(3, 1, [1, 2, 3, 4, 5, 6])
    #expect(list(try picture.centered(height: 1, width: 2)) == [1, 2])
    let framed = try picture.centered(height: 3, width: 6)
    #expect(
      list(framed) == [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 4, 5, 6, 0])
    #expect(list(try picture.centered(height: 4, width: 1)) == [0, 2, 5, 0])
  }

  @Test func aPictureInItsOwnSizeIsTheSame() throws {
    let picture = try image(3, 1, [1, 200, 3, 4, 5, 6])
    let same = try picture.resized(height: 2, width: 3, .lanczos)
    #expect(list(same) == [1, 200, 3, 4, 5, 6])
  }

  @Test(arguments: ImageFilter.allCases) func anEvenPictureStaysEven(_ filter: ImageFilter) throws {
    let picture = try image(7, 3, [UInt8](repeating: 201, count: 7 * 5 * 3))
    for (height, width) in [(1, 1), (3, 29), (40, 2), (5, 7)] {
      let other = try picture.resized(height: height, width: width, filter)
      #expect(list(other) == [UInt8](repeating: 201, count: 3 * height * width))
    }
  }

  @Test func picturesWithoutPixelsAndEndlessOnesAreRefused() {
    for (width, height, channels, kind) in [
      (0, 5, 3, SVFTError.Kind.format), (5, -1, 3, .format), (5, 5, 0, .format), (5, 5, 5, .format),
      (1 << 14, 1 << 13, 1, .limit), (1 << 40, 1 << 40, 1, .limit),
    ] {
      let failure = #expect(throws: SVFTError.self) {
        try Image(width: width, height: height, channels: channels)
      }
      #expect(failure?.kind == kind)
    }
  }
}
