// Writing GGUF version 3: header, metadata in the order given, tensor entries, then the data, each
// tensor padded to 32 bytes. `general.alignment` is left out, because 32 is what its absence means.
// The same tensors and metadata give the same bytes. What several files hold is split as
// SplitGGUF.swift reads it.
package import SVFTTensor

/// Writes GGUF files, whole or not at all.
package enum GGUFWriter {
  private static let alignment = 32

  /// Writes metadata and tensors in their order, where `partBytes` says so into several files with
  /// no more bytes of tensors each (but for a tensor that is larger): all or none of them.
  ///
  /// Returns the file to open: `path`, or the first of several. Nothing of an old file is lost
  /// where this throws.
  @discardableResult
  package static func write(
    _ path: String, _ tensors: [OutgoingTensor], metadata: [(key: String, value: GGUFValue)],
    partBytes: Int? = nil
  ) throws(SVFTError) -> String {
    try OutgoingTensor.checkNames(tensors, limit: Limits.ggufNameBytes)
    let parts = try OutgoingTensor.parts(tensors, of: partBytes)
    var headers: [[UInt8]] = []
    var files: [(path: String, size: Int)] = []
    for (number, part) in parts.enumerated() {
      var words = number == 0 ? metadata : []
      if parts.count > 1 {
        words += SplitGGUF.metadata(number, of: parts.count, tensors: tensors.count)
      }
      let (header, size) = try header(part, words)
      let name = parts.count > 1 ? SplitGGUF.path(path, number, of: parts.count) : path
      headers.append(header)
      files.append(
        (name, try Checked.sum(header.count + alignment, size, "the size of \(name)")))
    }
    try AtomicFile.write(files) { (number, sink) throws(SVFTError) in
      try sink.write(headers[number])
      try sink.pad(to: alignment)
      for tensor in parts[number] {
        try tensor.write(to: sink)
        try sink.pad(to: alignment)
      }
    }
    return files[0].path
  }

  private static func header(
    _ tensors: [OutgoingTensor], _ metadata: [(key: String, value: GGUFValue)]
  ) throws(SVFTError) -> (bytes: [UInt8], dataSize: Int) {
    var bytes = Array("GGUF".utf8)
    Encoding.append(UInt32(3), to: &bytes)
    Encoding.append(UInt64(tensors.count), to: &bytes)
    Encoding.append(UInt64(metadata.count), to: &bytes)
    var keys = NameIndex()
    for (key, value) in metadata {
      guard !key.isEmpty, key.utf8.count <= Limits.keyBytes, key != "general.alignment",
        keys.add(key)
      else {
        throw SVFTError(
          .invalidArgument,
          "the metadata key \(key.debugDescription) is empty, reserved or repeated")
      }
      Encoding.append(key, to: &bytes)
      Encoding.append(value, to: &bytes)
    }
    var offset = 0
    for tensor in tensors {
      try append(tensor, offset, to: &bytes)
      let end = try Checked.sum(offset, tensor.byteCount(), "the size of the data")
      offset = try TensorTable.aligned(end, alignment)
    }
    return (bytes, offset)
  }

  private static func append(_ tensor: OutgoingTensor, _ offset: Int, to bytes: inout [UInt8])
    throws(SVFTError)
  {
    let name = tensor.name.debugDescription
    guard let type = tensor.type.ggufType else {
      throw SVFTError(.unsupported, "tensor \(name): \(tensor.type.name) has no place in GGUF")
    }
    guard (1...4).contains(tensor.shape.count), tensor.shape.allSatisfy({ $0 > 0 }) else {
      throw SVFTError(.shape, "tensor \(name): \(tensor.shape) cannot be written to GGUF")
    }
    Encoding.append(tensor.name, to: &bytes)
    Encoding.append(UInt32(tensor.shape.count), to: &bytes)
    for size in tensor.shape.reversed() { Encoding.append(UInt64(size), to: &bytes) }
    Encoding.append(type, to: &bytes)
    Encoding.append(UInt64(offset), to: &bytes)
  }
}
