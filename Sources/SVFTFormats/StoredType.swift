// How the elements of a tensor lie in a file: the names, ids and block sizes that the two file
// formats know, so that the size of any tensor can be checked, also of those we cannot compute
// with. Sources: ggml.h (enum ggml_type) and ggml-common.h (block structs) for GGUF; the README of
// safetensors for its dtypes, where sub-byte types are written here as blocks that fill whole
// bytes. What several tensors of a folder hold together is here as it lies in memory.
package import SVFTTensor

/// One element type as a file stores it.
package struct StoredType: Sendable, Equatable {
  /// "F32", "Q8_0": as ggml and safetensors write it.
  package let name: String
  /// Elements per block, and bytes per block.
  package let blockLength: Int
  package let blockBytes: Int
  /// The type id in GGUF files; nil where it cannot be stored there.
  package let ggufType: UInt32?
  /// The dtype in safetensors files; nil where it cannot be stored there.
  package let safetensorsType: String?

  /// The format that computes with it, or nil where we can only copy it.
  package var format: (any ElementFormat)? { ElementFormats.named(name) }

  /// The stored type of a format we compute with.
  package init(_ format: any ElementFormat) throws(SVFTError) {
    self = try Self.named(format.name)
  }

  /// The type of that id in GGUF files.
  ///
  /// `.unsupported` where there is none (any more).
  package static func gguf(_ id: UInt32) throws(SVFTError) -> StoredType {
    guard let type = all.first(where: { $0.ggufType == id }) else {
      throw SVFTError(.unsupported, "unknown or removed element type \(id)")
    }
    return type
  }

  /// The type of that dtype in safetensors files.
  ///
  /// `.unsupported` where there is none.
  package static func safetensors(_ dtype: String) throws(SVFTError) -> StoredType {
    guard let type = all.first(where: { $0.safetensorsType == dtype }) else {
      throw SVFTError(.unsupported, "unknown dtype \(dtype.debugDescription)")
    }
    return type
  }

  /// The type of that name.
  ///
  /// `.unsupported` where there is none.
  package static func named(_ name: String) throws(SVFTError) -> StoredType {
    guard let type = all.first(where: { $0.name == name }) else {
      throw SVFTError(.unsupported, "unknown element type \(name.debugDescription)")
    }
    return type
  }

  /// Bytes of a tensor of this shape [rows…, columns].
  ///
  /// `.format` where a row is not whole blocks.
  package func byteCount(_ shape: [Int]) throws(SVFTError) -> Int {
    let elements = try Checked.product(shape, "the elements of a tensor")
    // Sub-byte safetensors types fill bytes over the whole tensor, other blocks lie within rows.
    let run = safetensorsType == nil ? shape.last ?? 1 : elements
    guard run % blockLength == 0 else {
      throw SVFTError(.format, "\(run) elements are not whole blocks of \(blockLength) (\(name))")
    }
    return try Checked.product(elements / blockLength, blockBytes, "the bytes of a tensor")
  }

  /// Every known type.
  package static let all: [StoredType] =
    plain.map { .init($0.name, 1, $0.bytes, $0.gguf, $0.name) }
    + safetensorsOnly.map { .init($0.name, $0.length, $0.bytes, nil, $0.name) }
    + blocks.map { .init($0.name, $0.length, $0.bytes, $0.gguf, nil) }
    + [.init("NF4", 64, 36, nil, nil)]  // BitsAndBytes.swift

  private init(
    _ name: String, _ length: Int, _ bytes: Int, _ gguf: UInt32?, _ safetensors: String?
  ) {
    self.name = name
    blockLength = length
    blockBytes = bytes
    ggufType = gguf
    safetensorsType = safetensors
  }

  /// Types of both formats.
  private static let plain: [(name: String, bytes: Int, gguf: UInt32)] = [
    ("F32", 4, 0), ("F16", 2, 1), ("BF16", 2, 30), ("F64", 8, 28),
    ("I8", 1, 24), ("I16", 2, 25), ("I32", 4, 26), ("I64", 8, 27),
  ]

  private static let safetensorsOnly: [(name: String, length: Int, bytes: Int)] = [
    ("BOOL", 1, 1), ("U8", 1, 1), ("U16", 1, 2), ("U32", 1, 4), ("U64", 1, 8), ("C64", 1, 8),
    ("F8_E5M2", 1, 1), ("F8_E4M3", 1, 1), ("F8_E8M0", 1, 1),
    ("F4", 2, 1), ("F6_E2M3", 4, 3), ("F6_E3M2", 4, 3),
  ]

  /// Ids 4, 5, 31–33 and 36–38 were taken out of ggml and stay unknown.
  private static let blocks: [(name: String, gguf: UInt32, length: Int, bytes: Int)] = [
    ("Q4_0", 2, 32, 18), ("Q4_1", 3, 32, 20), ("Q5_0", 6, 32, 22), ("Q5_1", 7, 32, 24),
    ("Q8_0", 8, 32, 34), ("Q8_1", 9, 32, 36),
    ("Q2_K", 10, 256, 84), ("Q3_K", 11, 256, 110), ("Q4_K", 12, 256, 144), ("Q5_K", 13, 256, 176),
    ("Q6_K", 14, 256, 210), ("Q8_K", 15, 256, 292),
    ("IQ2_XXS", 16, 256, 66), ("IQ2_XS", 17, 256, 74), ("IQ3_XXS", 18, 256, 98),
    ("IQ1_S", 19, 256, 50), ("IQ4_NL", 20, 32, 18), ("IQ3_S", 21, 256, 110),
    ("IQ2_S", 22, 256, 82), ("IQ4_XS", 23, 256, 136), ("IQ1_M", 29, 256, 56),
    ("TQ1_0", 34, 256, 54), ("TQ2_0", 35, 256, 66), ("MXFP4", 39, 32, 17),
    ("NVFP4", 40, 64, 36), ("Q1_0", 41, 128, 18),
  ]
}
