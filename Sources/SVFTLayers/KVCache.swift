// Keys and values of the tokens seen so far, per layer and slot, in F32:
//
//   keys, values  [layers, slots, context, width]   width = key-value heads × head width
//
// Attention writes the new rows of a step at `past …` of the span's slot, then attends over all of
// them.
package import SVFTTensor

/// The memory of sequences in progress.
package final class KVCache: @unchecked Sendable {
  package let layers: Int
  package let slots: Int
  /// Tokens a slot can hold.
  package let context: Int
  package let width: Int
  private let keyBuffer: Buffer
  private let valueBuffer: Buffer

  /// Allocates an empty cache.
  ///
  /// Throws `.memory` or `.limit`.
  package init(layers: Int, slots: Int, context: Int, width: Int) throws(SVFTError) {
    self.layers = layers
    self.slots = slots
    self.context = context
    self.width = width
    let count = try Checked.product([layers, slots, context, width], "a key-value cache")
    keyBuffer = try Buffer(of: Float.self, count: count)
    valueBuffer = try Buffer(of: Float.self, count: count)
  }

  /// Keys of one layer and slot, [context, width].
  package func keys(layer: Int, slot: Int) -> UnsafeMutablePointer<Float> {
    keyBuffer.pointer.assumingMemoryBound(to: Float.self) + (layer * slots + slot) * context * width
  }

  /// Values of one layer and slot, [context, width].
  package func values(layer: Int, slot: Int) -> UnsafeMutablePointer<Float> {
    valueBuffer.pointer.assumingMemoryBound(to: Float.self)
      + (layer * slots + slot) * context * width
  }

  /// Bytes a cache of this size takes.
  package static func byteCount(layers: Int, slots: Int, context: Int, width: Int)
    throws(SVFTError) -> Int
  {
    try Checked.product([layers, slots, context, width, 8], "a key-value cache")
  }
}
