// Where written bytes go: a file behind a buffer of our own, every transfer checked, or memory
// alone. The count of bytes is kept, so that a writer can prove it wrote what its header says.
package import SVFTTensor

/// A file, or memory, being written front to back.
package final class ByteSink {
  /// Nil where the buffer is all there is.
  private let file: OpenFile?
  private let buffer: Buffer
  private var filled = 0
  /// How many bytes have been given so far.
  package private(set) var position = 0

  /// Bytes collected before the file is called.
  package static let capacity = 1 << 20

  /// Collects up to 1 MiB before it writes: below that, calls cost more than copying.
  init(_ file: OpenFile) throws(SVFTError) {
    self.file = file
    buffer = try Buffer(byteCount: Self.capacity)
  }

  /// Fills a buffer from its beginning; what it has no room for is an error.
  init(filling buffer: Buffer) {
    file = nil
    self.buffer = buffer
  }

  /// Takes bytes; large runs go to the file directly.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(SVFTError) {
    if bytes.count > buffer.byteCount - filled { try flush() }
    if let file, bytes.count >= buffer.byteCount {
      try file.write(bytes)
    } else if let start = bytes.baseAddress {
      (buffer.pointer + filled).copyMemory(from: start, byteCount: bytes.count)
      filled += bytes.count
    }
    position = try Checked.sum(position, bytes.count, "the size of \(file?.path ?? "a tensor")")
  }

  /// Takes the bytes of an array.
  package func write(_ bytes: [UInt8]) throws(SVFTError) {
    let result: Result<Void, SVFTError> = bytes.withUnsafeBytes { bytes in
      do throws(SVFTError) { return .success(try write(bytes)) } catch { return .failure(error) }
    }
    try result.get()
  }

  /// Takes the UTF-8 bytes of a text.
  package func write(_ text: String) throws(SVFTError) { try write(Array(text.utf8)) }

  /// Takes zeros up to the next multiple of `alignment`.
  package func pad(to alignment: Int) throws(SVFTError) {
    let missing = try TensorTable.aligned(position, alignment) - position
    try write([UInt8](repeating: 0, count: missing))
  }

  /// Hands everything to the system.
  func flush() throws(SVFTError) {
    guard let file else {
      throw SVFTError(.internal, "libsvft is at fault: more bytes than a tensor has")
    }
    try file.write(UnsafeRawBufferPointer(start: buffer.pointer, count: filled))
    filled = 0
  }
}
