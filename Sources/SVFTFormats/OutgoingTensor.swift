// A tensor on its way into a file: what its header says, and a closure that produces the bytes when
// their turn comes. A model of any size is written through one small buffer; nothing is held twice.
package import SVFTTensor

/// One tensor to write.
package struct OutgoingTensor {
  package let name: String
  /// [rows…, columns], as everywhere in this module.
  package let shape: [Int]
  package let type: StoredType
  /// Writes exactly the tensor's bytes, in any number of pieces.
  package let produce: (ByteSink) throws(SVFTError) -> Void

  /// A tensor whose bytes are produced when they are needed.
  package init(
    _ name: String, _ shape: [Int], _ type: StoredType,
    produce: @escaping (ByteSink) throws(SVFTError) -> Void
  ) {
    self.name = name
    self.shape = shape
    self.type = type
    self.produce = produce
  }

  /// A tensor whose bytes are at hand.
  package init(_ name: String, _ shape: [Int], _ type: StoredType, bytes: Buffer) {
    self.init(name, shape, type) { (sink) throws(SVFTError) in try sink.write(bytes.bytes) }
  }

  /// A tensor of a source, byte for byte.
  package init(copying name: String, from source: any TensorSource) throws(SVFTError) {
    let entry = try source.require(name)
    self.init(name, entry.shape, entry.type, bytes: try source.bytes(name))
  }

  /// Bytes of the whole tensor.
  func byteCount() throws(SVFTError) -> Int {
    guard shape.allSatisfy({ $0 >= 0 }) else {
      throw SVFTError(.shape, "tensor \(name.debugDescription): a shape of \(shape)")
    }
    return try during("tensor \(name.debugDescription)") { () throws(SVFTError) in
      try type.byteCount(shape)
    }
  }

  /// Writes the bytes and checks that they are as many as the header says.
  func write(to sink: ByteSink) throws(SVFTError) {
    let start = sink.position
    try during("tensor \(name.debugDescription)") { () throws(SVFTError) in try produce(sink) }
    let expected = try byteCount()
    try invariant(
      sink.position - start == expected,
      "tensor \(name): \(sink.position - start) bytes were written, its shape says \(expected)")
  }

  /// Tensors in their order, in parts of at most `limit` bytes; one that is larger is a part of its
  /// own. One part where there is no limit.
  static func parts(
    _ tensors: [OutgoingTensor], of limit: Int?
  ) throws(SVFTError) -> [[OutgoingTensor]] {
    guard let limit else { return [tensors] }
    var parts: [[OutgoingTensor]] = [[]]
    var filled = 0
    for tensor in tensors {
      let size = try tensor.byteCount()
      if filled > 0, size > limit - min(limit, filled) {
        parts.append([])
        filled = 0
      }
      parts[parts.count - 1].append(tensor)
      filled = try Checked.sum(filled, size, "the size of a part")
    }
    guard parts.count <= Limits.shards else {
      throw SVFTError(
        .limit,
        "\(parts.count) files of at most \(limit) bytes; at most \(Limits.shards) are allowed")
    }
    return parts
  }

  /// Throws `.invalidArgument` where two tensors have one name or a name does not fit the format.
  static func checkNames(_ tensors: [OutgoingTensor], limit: Int) throws(SVFTError) {
    var names = NameIndex()
    for tensor in tensors {
      guard names.add(tensor.name) else {
        throw SVFTError(
          .invalidArgument, "tensor \(tensor.name.debugDescription) is to be written twice")
      }
      _ = try Checked.within(
        tensor.name.utf8.count, 1...limit,
        "bytes of the tensor name \(tensor.name.debugDescription)")
    }
    _ = try Checked.within(tensors.count, 0...Limits.tensors, "the number of tensors")
  }
}
