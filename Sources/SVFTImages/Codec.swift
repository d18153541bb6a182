// A format that a library of the system reads (CImages): header first, so that sizes are checked
// before anything is allocated for them, then the pixels.
internal import CImages
import SVFTFormats
import SVFTTensor

/// The calls of one library.
struct Codec {
  typealias Call =
    (UnsafeRawPointer?, Int, UnsafeMutablePointer<svi_picture>?) -> Int32
  typealias Decode =
    (UnsafeRawPointer?, Int, UnsafeMutablePointer<svi_picture>?, UnsafeMutablePointer<UInt8>?)
    -> Int32

  /// The file that is opened, and the Debian package that brings it.
  let library: String
  let package: String
  let header: Call
  let decode: Decode

  /// The picture that bytes hold, alpha included where it has any.
  func image(_ bytes: UnsafeRawBufferPointer) throws(SVFTError) -> Image {
    var picture = svi_picture()
    try require(header(bytes.baseAddress, bytes.count, &picture), picture)
    let image = try Image(
      width: Int(picture.width), height: Int(picture.height), channels: Int(picture.channels))
    guard !MemoryLedger.isRehearsing else { return image }
    try require(
      decode(bytes.baseAddress, bytes.count, &picture, image.numbers.baseAddress), picture)
    return image
  }

  private func words(_ picture: svi_picture) -> String {
    withUnsafeBytes(of: picture.message) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  private func require(_ outcome: Int32, _ picture: svi_picture) throws(SVFTError) {
    switch UInt32(bitPattern: outcome) {
    case SVI_DONE.rawValue: return
    case SVI_NO_LIBRARY.rawValue:
      throw SVFTError(
        .unsupported,
        "expected \(library) on this system to read it with, found none: install it (Debian: "
          + "apt-get install \(package))")
    case SVI_FOREIGN.rawValue:
      throw SVFTError(
        .unsupported, "expected gray or red, green, blue, found \(words(picture)): save it as RGB")
    default:
      let words = words(picture)
      // Both libraries say so in these words where the file is too short.
      let isCut = ["remature end", "Truncated", "truncated", "too short", "read beyond end"]
        .contains { words.contains($0) }
      throw SVFTError(
        isCut ? .truncated : .format, "expected a whole picture, found a broken one: \(words)")
    }
  }
}
