// Keys and values of the tokens seen so far, per layer and slot, in an element format:
//
//   keys, values  [layers, slots, context] rows of `width` values = key-value heads × head width
//
// A row is a whole number of the format's blocks; a block may hold parts of two heads. Attention
// writes the new rows of a step at `past …` of the span's slot, then attends over all of them
// (Ops/Attention+Cache.swift). Rows lie one after the other, so a sequence can be saved as bytes.
package import SVFTTensor

/// The memory of sequences in progress.
package final class KVCache: @unchecked Sendable {
  package let layers: Int
  package let slots: Int
  /// Tokens a slot can hold.
  package let context: Int
  /// Values of a row.
  package let width: Int
  package let format: any ElementFormat
  /// Bytes of a row.
  package let rowBytes: Int
  private let keyBuffer: Buffer
  private let valueBuffer: Buffer

  /// Allocates an empty cache.
  ///
  /// Throws `.memory` or `.limit`, `.unsupported` where a row is no whole number of blocks.
  package init(
    layers: Int, slots: Int, context: Int, width: Int,
    format: any ElementFormat = ElementFormats.f32
  ) throws(SVFTError) {
    try KVCache.requireFit(width: width, format)
    self.layers = layers
    self.slots = slots
    self.context = context
    self.width = width
    self.format = format
    rowBytes = format.rowBytes(width)
    let bytes = try Checked.product([layers, slots, context, rowBytes], "a key-value cache")
    keyBuffer = try Buffer(byteCount: bytes)
    valueBuffer = try Buffer(byteCount: bytes)
  }

  /// Formats that attention reads as they lie.
  package static let formats = ElementFormats.encodable.filter(\.kernels.servesHeads)

  /// Throws `.unsupported` where attention does not read the format, or rows of `width` values are
  /// no whole number of blocks.
  package static func requireFit(width: Int, _ format: any ElementFormat) throws(SVFTError) {
    let fitting = formats.filter { $0.fits(columns: width) }.map { $0.name.lowercased() }
    guard formats.contains(where: { $0.name == format.name }) else {
      throw SVFTError(
        .unsupported,
        "expected one of the formats \(fitting.joined(separator: ", ")) for a key-value cache, "
          + "found \(format.name)")
    }
    guard !format.fits(columns: width) else { return }
    throw SVFTError(
      .unsupported,
      "expected keys of a multiple of \(format.blockLength) values for a key-value cache in "
        + "\(format.name), found \(width) (key-value heads × head width): "
        + "\(fitting.joined(separator: ", ")) would fit")
  }

  /// Keys of one layer and slot: `context` rows of `rowBytes`.
  package func keyRows(layer: Int, slot: Int) -> UnsafeMutableRawPointer {
    keyBuffer.pointer + (layer * slots + slot) * context * rowBytes
  }

  /// Values of one layer and slot: `context` rows of `rowBytes`.
  package func valueRows(layer: Int, slot: Int) -> UnsafeMutableRawPointer {
    valueBuffer.pointer + (layer * slots + slot) * context * rowBytes
  }

  /// Bytes of keys and values.
  package var byteCount: Int { keyBuffer.byteCount + valueBuffer.byteCount }

  /// Bytes a cache of this size takes.
  ///
  /// Throws `.limit`.
  package static func byteCount(
    layers: Int, slots: Int, context: Int, width: Int, format: any ElementFormat
  ) throws(SVFTError) -> Int {
    try Checked.product(
      [layers, slots, context, format.rowBytes(width), 2], "a key-value cache")
  }
}
