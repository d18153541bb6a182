// A buffer's bytes as an array. `Array(buffer.bytes)` on a temporary would read freed memory: the
// pointer does not keep its buffer alive.
package import SVFTTensor

extension Buffer {
  /// A buffer of these bytes.
  package convenience init(_ bytes: [UInt8]) throws {
    try self.init(byteCount: bytes.count)
    UnsafeMutableRawBufferPointer(start: pointer, count: bytes.count).copyBytes(from: bytes)
  }

  /// A copy of the bytes.
  package var array: [UInt8] { withExtendedLifetime(self) { Array(bytes) } }
}
