// A picture in memory: 8 bits a number, rows from the top, pixel after pixel.
//
//   gray      L = (19595 R + 38470 G + 7471 B + 2¹⁵) / 2¹⁶      ITU-R BT.601, as Pillow rounds it
//
// Alpha is dropped, not composed with a background: that is what convert("RGB") does.
import SVFTFormats
package import SVFTTensor

/// A picture, [height, width, channels].
package struct Image: Sendable {
  package let width: Int
  package let height: Int
  /// 1 (gray), 2 (gray, alpha), 3 (red, green, blue) or 4 (with alpha).
  package let channels: Int
  package let pixels: Buffer

  /// A black picture.
  ///
  /// Throws `.format` for one without pixels, `.limit` for one beyond `Limits.imagePixels`,
  /// `.memory`.
  package init(width: Int, height: Int, channels: Int) throws(SVFTError) {
    guard width > 0, height > 0, (1...4).contains(channels) else {
      throw SVFTError(
        .format, "expected a picture with pixels, found \(width)×\(height) of \(channels) channels")
    }
    let count = try Checked.product(width, height, "the pixels of a picture")
    guard count <= Limits.imagePixels else {
      throw SVFTError(
        .limit, "expected at most \(Limits.imagePixels) pixels, found \(width)×\(height)")
    }
    self.width = width
    self.height = height
    self.channels = channels
    pixels = try Buffer(byteCount: count * channels)
  }

  /// The numbers, row by row.
  package var numbers: UnsafeMutableBufferPointer<UInt8> { pixels.values() }

  /// The picture in gray (1) or in colours (3). Throws `.memory`.
  package func converted(toChannels wanted: Int) throws(SVFTError) -> Image {
    guard wanted != channels else { return self }
    let other = try Image(width: width, height: height, channels: wanted)
    let (from, to) = (numbers, other.numbers)
    for pixel in 0..<width * height {
      let (source, target) = (pixel * channels, pixel * wanted)
      if wanted == 1 {
        to[target] = channels < 3 ? from[source] : Image.gray(from, at: source)
      } else {
        for color in 0..<3 { to[target + color] = from[source + (channels < 3 ? 0 : color)] }
      }
    }
    return other
  }

  private static func gray(_ numbers: UnsafeMutableBufferPointer<UInt8>, at place: Int) -> UInt8 {
    let (red, green) = (UInt32(numbers[place]), UInt32(numbers[place + 1]))
    let blue = UInt32(numbers[place + 2])
    return UInt8(truncatingIfNeeded: (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16)
  }

  /// The middle part of that size; where the picture is smaller, black lies around it. Throws
  /// `.memory`, `.limit`.
  package func centered(height rows: Int, width columns: Int) throws(SVFTError) -> Image {
    guard rows != height || columns != width else { return self }
    let other = try Image(width: columns, height: rows, channels: channels)
    let (vertical, horizontal) = (Image.overlap(height, rows), Image.overlap(width, columns))
    let count = horizontal.count * channels
    guard let from = numbers.baseAddress, let to = other.numbers.baseAddress else { return other }
    for row in 0..<vertical.count {
      let source = ((vertical.from + row) * width + horizontal.from) * channels
      let target = ((vertical.to + row) * columns + horizontal.to) * channels
      (to + target).update(from: from + source, count: count)
    }
    return other
  }

  /// Where a side of `old` and one of `new` with a common middle overlap. Odd differences leave the
  /// larger part of what is cut at the end, and of what is added at the beginning.
  private static func overlap(_ old: Int, _ new: Int) -> (from: Int, to: Int, count: Int) {
    old >= new ? ((old - new) / 2, 0, new) : (0, (new - old + 1) / 2, old)
  }
}
