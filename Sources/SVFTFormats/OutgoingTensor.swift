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
