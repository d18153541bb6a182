// JPEG (ISO/IEC 10918-1), read by libjpeg-turbo (CImages/jpeg.c): gray or red, green, blue. How a
// camera was held (Exif) turns nothing, as in Pillow.
internal import CImages
package import SVFTTensor

/// Pictures of the Joint Photographic Experts Group.
package enum JPEG: ImageFormat {
  package static let name = "JPEG"
  package static let endings = ["jpg", "jpeg"]

  package static func recognises(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: [0xFF, 0xD8, 0xFF] as [UInt8])
  }

  package static func decode(_ bytes: UnsafeRawBufferPointer) throws(SVFTError) -> Image {
    try Codec(
      library: "libturbojpeg.so.0", package: "libturbojpeg0", header: svi_jpeg_header,
      decode: svi_jpeg_decode
    ).image(bytes)
  }
}
