// Every format against Pillow, and against files that are cut, changed or something else: errors,
// never more.
import SVFTFormats
import SVFTImages
import SVFTTensor
import TestKit
import Testing

@Suite struct ImageFormatTests {
  @Test func everyFormatHasPictures() {
    for format in ImageFormats.all {
      #expect(
        PictureFixtures.names.contains { name in
          format.endings.contains { name.hasSuffix("." + $0) }
        }, "\(format.name)")
    }
  }

  @Test(arguments: PictureFixtures.names) func picturesAreThoseOfPillow(_ name: String) throws {
    let image = try PictureFixtures.source(name).image()
    let (colors, shape) = try PictureFixtures.golden("image/\(name)", UInt8.self)
    #expect([image.height, image.width, 3] == shape)
    #expect(list(try image.converted(toChannels: 3)) == colors)
    let (gray, _) = try PictureFixtures.golden("gray/\(name)", UInt8.self)
    #expect(list(try image.converted(toChannels: 1)) == gray)
  }

  @Test(arguments: PictureFixtures.names) func cutFilesAreErrors(_ name: String) throws {
    let bytes = try PictureFixtures.bytes(name)
    var survivors = 0
    for count in 0..<bytes.count {
      do {
        _ = try decoded(Array(bytes[..<count]))
        survivors += 1
      } catch let error as SVFTError {
        #expect([.format, .truncated, .unsupported].contains(error.kind), "\(count): \(error)")
      }
    }
    // What ends a file may be missing: a PNG's last chunk, a JPEG's last marker.
    #expect(survivors <= 24, "\(survivors) of \(bytes.count)")
  }

  @Test(arguments: PictureFixtures.names) func changedFilesDoNoHarm(_ name: String) throws {
    let bytes = try PictureFixtures.bytes(name)
    var random = RandomSource(seed: 5, purpose: name)
    for place in bytes.indices {
      var changed = bytes
      changed[place] ^= UInt8(truncatingIfNeeded: 1 + random.below(255))
      do {
        _ = try decoded(changed)
      } catch let error as SVFTError {
        #expect(
          [.format, .truncated, .unsupported, .limit, .memory].contains(error.kind), "\(error)")
      }
    }
  }

  @Test func whatIsNoPictureIsNamed() {
    for (bytes, word) in [
      (Array("<!DOCTYPE html>".utf8), "web page"), ([], "empty"), ([0, 1, 2], "PNG, JPEG, Netpbm"),
      (Array("GIF89a".utf8), "something else"),
    ] {
      let failure = #expect(throws: SVFTError.self) { try decoded(bytes) }
      #expect(failure?.kind == .format && failure?.message.contains(word) == true)
    }
  }

  @Test func endingsAreThoseOfFormats() {
    #expect(ImageFormats.areNamed("a.PNG") && ImageFormats.areNamed("b.c.jpeg"))
    #expect(!ImageFormats.areNamed("png") && !ImageFormats.areNamed("a.png.txt"))
    #expect(!ImageFormats.areNamed("") && !ImageFormats.areNamed("a."))
  }
}
