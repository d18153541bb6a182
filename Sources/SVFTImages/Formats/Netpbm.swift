// Netpbm's binary formats (netpbm.sourceforge.net/doc/pgm.html, ppm.html), which need no library
// and which any program writes in a line:
//
//   "P5" (gray) or "P6" (colours), width, height, 255, each ended by white space; then the numbers
//
// A "#" begins a comment up to the end of its line. Text forms and other depths are refused.
package import SVFTTensor

/// Portable gray and pixel maps.
package enum Netpbm: ImageFormat {
  package static let name = "Netpbm"
  package static let endings = ["pgm", "ppm", "pnm"]

  package static func recognises(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count > 2 && bytes[0] == UInt8(ascii: "P") && (0x35...0x36).contains(bytes[1])
      && isSpace(bytes[2])
  }

  package static func decode(_ bytes: UnsafeRawBufferPointer) throws(SVFTError) -> Image {
    var place = 2
    let width = try number(bytes, &place, "width")
    let height = try number(bytes, &place, "height")
    let largest = try number(bytes, &place, "largest number")
    guard largest == 255 else {
      throw SVFTError(.unsupported, "expected numbers up to 255, found up to \(largest)")
    }
    // One white space ends the header; what follows may look like one.
    place += 1
    let image = try Image(width: width, height: height, channels: bytes[1] == 0x35 ? 1 : 3)
    guard bytes.count - place >= image.pixels.byteCount else {
      throw SVFTError(
        .truncated,
        "expected \(image.pixels.byteCount) bytes of pixels, found \(max(0, bytes.count - place))")
    }
    if let start = bytes.baseAddress {
      image.pixels.pointer.copyMemory(from: start + place, byteCount: image.pixels.byteCount)
    }
    return image
  }

  /// The next number of the header.
  private static func number(
    _ bytes: UnsafeRawBufferPointer, _ place: inout Int, _ name: String
  ) throws(SVFTError) -> Int {
    while place < bytes.count, isSpace(bytes[place]) || bytes[place] == UInt8(ascii: "#") {
      if bytes[place] == UInt8(ascii: "#") {
        while place < bytes.count, bytes[place] != 0x0A { place += 1 }
      } else {
        place += 1
      }
    }
    var value = 0
    let start = place
    while place < bytes.count, place - start < 9, (0x30...0x39).contains(bytes[place]) {
      value = 10 * value + Int(bytes[place]) - 0x30
      place += 1
    }
    guard place > start, place < bytes.count, isSpace(bytes[place]) else {
      throw SVFTError(
        place < bytes.count ? .format : .truncated,
        "\(name): expected a number of at most 8 digits and white space at byte \(start), found "
          + (place < bytes.count ? "other bytes" : "the end"))
    }
    return value
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }
}
