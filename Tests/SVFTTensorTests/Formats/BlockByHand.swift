// Blocks written byte by byte, for tests of layouts: what stands where, and nothing else.
import SVFTTensor

/// The bytes of one block, zero but for what is set.
struct BlockByHand {
  let format: any ElementFormat
  var bytes: [UInt8]

  init(_ format: any ElementFormat) {
    self.format = format
    bytes = [UInt8](repeating: 0, count: format.blockBytes)
  }

  /// Sets the bytes from `place` on.
  mutating func set(_ place: Int, _ values: UInt8...) {
    bytes.replaceSubrange(place..<place + values.count, with: values)
  }

  /// Sets an F16 number.
  mutating func set(_ place: Int, half value: Float16) {
    set(place, UInt8(value.bitPattern & 255), UInt8(value.bitPattern >> 8))
  }

  /// What the block says.
  var values: [Float] { decode(bytes, format.blockLength, format) }

  /// The places where its values are not `usual`, with them.
  func values(otherThan usual: Float) -> [Int: Float] {
    let values = values
    return Dictionary(
      uniqueKeysWithValues: values.indices.filter { values[$0] != usual }.map { ($0, values[$0]) })
  }
}
