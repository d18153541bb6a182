// Named tensors of a file or folder, whatever the container. Shapes are [rows…, columns] with the
// columns contiguous: safetensors' own order, GGUF's reversed. Everything is checked when a source
// opens: sizes, places, names. Handing out bytes afterwards copies nothing.
package import SVFTTensor

/// A file or folder of named tensors.
package protocol TensorSource: Sendable {
  /// The file or folder it came from.
  var path: String { get }
  /// All names, in the order of their data.
  var names: [String] { get }
  /// What is known of a tensor; nil where there is none of that name.
  func entry(_ name: String) -> TensorEntry?
  /// The bytes of a tensor as they lie in the file, alive as long as the buffer.
  ///
  /// `.format` where there is none of that name.
  func bytes(_ name: String) throws(SVFTError) -> Buffer
  /// The file's identity and the tensor's name: equal origins have equal bytes; nil where that
  /// cannot be told.
  func origin(_ name: String) -> String?
  /// Whether a matrix lies as it is multiplied, [outputs, inputs], whatever else folders of its
  /// family do.
  func liesAsMultiplied(_ name: String) -> Bool
  /// Lets go of the pages of a mapped file that reading has brought in; what is used as it lies
  /// comes again.
  func releasePages() throws(SVFTError)
  /// What the file says about itself, for people: long arrays are shown by their length.
  var description: [(key: String, value: String)] { get }
}

/// One tensor of a source.
package struct TensorEntry: Sendable, Equatable {
  package let name: String
  /// [rows…, columns]; empty for a scalar.
  package let shape: [Int]
  package let type: StoredType
  /// The format that computes with it, or nil where we can only copy it.
  package var format: (any ElementFormat)? { type.format }
  /// Bytes of the whole tensor.
  package let byteCount: Int
  /// The first byte, counted from the start of its file.
  let offset: Int

  /// The same tensor at another place.
  func moved(to offset: Int) -> TensorEntry {
    TensorEntry(name: name, shape: shape, type: type, byteCount: byteCount, offset: offset)
  }
}

extension TensorSource {
  package func liesAsMultiplied(_ name: String) -> Bool { false }

  package func releasePages() throws(SVFTError) {
    for name in names { try bytes(name).releasePages() }
  }

  /// All tensors, in the order of their data.
  package var entries: [TensorEntry] { names.compactMap { entry($0) } }

  /// The entry of a tensor that must be there.
  package func require(_ name: String) throws(SVFTError) -> TensorEntry {
    if let entry = entry(name) { return entry }
    throw SVFTError(.format, "\(path): there is no tensor \(name.debugDescription)")
  }
}
