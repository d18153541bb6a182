// Writing safetensors: the header padded with spaces so that the data begin at a multiple of 64
// bytes (the format asks for 8; 64 is a cache line, and mapped rows are read by whole vectors),
// then the tensors in the order given, without gaps. The same tensors give the same bytes.
package import SVFTTensor

/// Writes safetensors files, whole or not at all.
package enum SafetensorsWriter {
  /// Writes tensors in their order.
  ///
  /// Nothing of an old file is lost where this throws.
  package static func write(
    _ path: String, _ tensors: [OutgoingTensor], metadata: [(key: String, value: String)] = []
  ) throws(SVFTError) {
    let (header, size) = try header(tensors, metadata)
    let total = try Checked.sum(8 + header.count, size, "the size of \(path)")
    try AtomicFile.write(path, expecting: total) { (sink) throws(SVFTError) in
      var length: [UInt8] = []
      Encoding.append(UInt64(header.count), to: &length)
      try sink.write(length)
      try sink.write(header)
      for tensor in tensors { try tensor.write(to: sink) }
    }
  }

  /// Writes the weights of a model into a folder: model.safetensors, or where `shardBytes` says so
  /// several files with no more bytes of tensors each (but for a tensor that is larger) and their
  /// index, named as transformers names them.
  ///
  /// The folder is in the making: nothing of it is in its place before all is.
  package static func write(
    folder: String, _ tensors: [OutgoingTensor], metadata: [(key: String, value: String)],
    shardBytes: Int? = nil
  ) throws(SVFTError) {
    let shards = try OutgoingTensor.parts(tensors, of: shardBytes)
    guard shards.count > 1 else {
      return try write(
        FileSystem.join(folder, "model.safetensors"), tensors, metadata: metadata)
    }
    try OutgoingTensor.checkNames(tensors, limit: Limits.nameBytes)
    var map = JSON.Object()
    var total = 0
    for (number, shard) in shards.enumerated() {
      let name = SafetensorsIndex.shardName(number, of: shards.count)
      try write(FileSystem.join(folder, name), shard, metadata: metadata)
      for tensor in shard {
        map[tensor.name] = .string(name)
        total = try Checked.sum(total, tensor.byteCount(), "the size of all tensors")
      }
    }
    let index: JSON = ["metadata": ["total_size": .integer(total)], "weight_map": .object(map)]
    try AtomicFile.write(
      FileSystem.join(folder, "model.safetensors.index.json"), text: index.text(.pretty))
  }

  private static func header(
    _ tensors: [OutgoingTensor], _ metadata: [(key: String, value: String)]
  ) throws(SVFTError) -> (bytes: [UInt8], dataSize: Int) {
    try OutgoingTensor.checkNames(tensors, limit: Limits.nameBytes)
    var header = JSON.Object()
    if !metadata.isEmpty {
      header["__metadata__"] = .object(
        JSON.Object(metadata.map { (key: $0.key, value: .string($0.value)) }))
    }
    var offset = 0
    for tensor in tensors {
      guard let dtype = tensor.type.safetensorsType, tensor.name != "__metadata__" else {
        throw SVFTError(
          .unsupported,
          "tensor \(tensor.name.debugDescription): \(tensor.type.name) has no place "
            + "in safetensors; "
            + "write a GGUF file instead")
      }
      let end = try Checked.sum(offset, tensor.byteCount(), "the size of the data")
      header[tensor.name] = [
        "dtype": .string(dtype), "shape": .array(tensor.shape.map { .integer($0) }),
        "data_offsets": [.integer(offset), .integer(end)],
      ]
      offset = end
    }
    var bytes: [UInt8] = []
    try JSON.object(header).write(to: &bytes, .compact, depth: 0)
    while (8 + bytes.count) % 64 != 0 { bytes.append(0x20) }
    return (bytes, offset)
  }
}
