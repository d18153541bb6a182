// PNG (ISO/IEC 15948), read by libpng (CImages/png.c).
//
//   8 bytes of signature, then chunks: length (4 bytes), type (4), data, checksum (4)
//
// Pictures are what their numbers say: chunks about the meaning of colours, by which libpng would
// convert them, are left out before it sees the file. Pillow ignores them too.
internal import CImages
import SVFTFormats
package import SVFTTensor

/// Portable Network Graphics.
package enum PNG: ImageFormat {
  package static let name = "PNG"
  package static let endings = ["png"]
  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  private static let meanings = ["gAMA", "cHRM", "sRGB", "iCCP", "cICP", "mDCV", "cLLI"]

  package static func recognises(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: signature)
  }

  package static func decode(_ bytes: UnsafeRawBufferPointer) throws(SVFTError) -> Image {
    let plain = try withoutMeanings(bytes)
    return try withExtendedLifetime(plain) { () throws(SVFTError) in
      try Codec(
        library: "libpng16.so.16", package: "libpng16-16", header: svi_png_header,
        decode: svi_png_decode
      ).image(plain?.bytes ?? bytes)
    }
  }

  /// The file without chunks on the meaning of colours; nil where there are none.
  private static func withoutMeanings(_ bytes: UnsafeRawBufferPointer) throws(SVFTError) -> Buffer?
  {
    let pieces = pieces(of: bytes)
    guard pieces.count > 1 else { return nil }
    let copy = try Buffer(byteCount: pieces.reduce(0) { $0 + $1.count })
    var place = copy.pointer
    for piece in pieces {
      let part = UnsafeRawBufferPointer(rebasing: bytes[piece])
      if let start = part.baseAddress { place.copyMemory(from: start, byteCount: part.count) }
      place += piece.count
    }
    return copy
  }

  /// What is left of the file, in runs of whole chunks. Chunks that lie do so for libpng to find.
  private static func pieces(of bytes: UnsafeRawBufferPointer) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var (start, place) = (0, signature.count)
    while place + 12 <= bytes.count {
      let length = (0..<4).reduce(0) { $0 << 8 | Int(bytes[place + $1]) }
      let type = bytes[place + 4..<place + 8]
      guard length <= bytes.count - place - 12, !type.elementsEqual("IDAT".utf8) else { break }
      let end = place + 12 + length
      if meanings.contains(where: { type.elementsEqual($0.utf8) }) {
        if start < place { pieces.append(start..<place) }
        start = end
      }
      place = end
    }
    if start < bytes.count { pieces.append(start..<bytes.count) }
    return pieces
  }
}
