// Matrices in blocks of NF4 as the tensors that bitsandbytes has for them (FourBitMatrix.swift),
// with their scales quantised too, and the words of config.json by which transformers knows them.
//
// A matrix is made when the first of its tensors is written and kept until the last: one at a time.
// Its state has a number that is known only then, and a fixed length: spaces fill it.
package import SVFTTensor

/// Writes folders for bitsandbytes.
package enum BitsAndBytesWriter {
  /// Whether a folder holds matrices of that type this way.
  package static func holds(_ type: String) -> Bool { type == "NF4" }

  /// The tensors that hold a matrix [rows, columns] in blocks of NF4. `type` is what bitsandbytes
  /// is to decode to.
  package static func tensors(
    _ matrix: OutgoingTensor, decodedTo type: StoredType
  ) throws(SVFTError) -> [OutgoingTensor] {
    let packed = try PackedMatrix(matrix, type)
    let (name, u8, f32) = (
      matrix.name, try StoredType.named("U8"), try StoredType.named("F32")
    )
    func tensor(
      _ end: String, _ shape: [Int], _ type: StoredType,
      _ part: @escaping (PackedMatrix.Parts) -> [UnsafeRawBufferPointer]
    ) -> OutgoingTensor {
      OutgoingTensor(name + end, shape, type) { (sink) throws(SVFTError) in
        let parts = try packed.parts()
        defer { withExtendedLifetime(parts) {} }
        for bytes in part(parts) { try sink.write(bytes) }
      }
    }
    let blocks = packed.blocks
    return [
      tensor("", [packed.codeBytes, 1], u8) { [$0.codes.bytes] },
      tensor(".absmax", [blocks], u8) { [$0.scales.bytes] },
      tensor(".nested_absmax", [packed.nestedBlocks], f32) { [$0.nested.bytes] },
      tensor(".nested_quant_map", [256], f32) { [$0.map.bytes] },
      tensor(".quant_map", [16], f32) { [$0.points.bytes] },
      OutgoingTensor(name + FourBitState.suffix("nf4"), [packed.stateBytes], u8) {
        (sink) throws(SVFTError) in
        try sink.write(packed.state())
        packed.release()
      },
    ]
  }

  /// "quantization_config" of config.json. `type` as above; `skipped` are the linear modules that
  /// are not quantised.
  package static func configuration(_ type: StoredType, skipped: [String]) -> JSON {
    let compute = FourBitState.types.first { $0.stored == type.name }?.torch ?? "float32"
    return [
      "quant_method": "bitsandbytes", "load_in_4bit": true, "load_in_8bit": false,
      "_load_in_4bit": true, "_load_in_8bit": false, "bnb_4bit_quant_type": "nf4",
      "bnb_4bit_use_double_quant": true, "bnb_4bit_compute_dtype": .string(compute),
      "bnb_4bit_quant_storage": "uint8", "llm_int8_enable_fp32_cpu_offload": false,
      "llm_int8_has_fp16_weight": false, "llm_int8_threshold": 6.0,
      "llm_int8_skip_modules": .array(skipped.map { .string($0) }),
    ]
  }
}

/// One matrix, made when it is asked for.
private final class PackedMatrix {
  /// The bytes of its tensors.
  struct Parts {
    let codes: Buffer
    let scales: Buffer
    let nested: Buffer
    let map: Buffer
    let points: Buffer
    let offset: Float
  }

  private let matrix: OutgoingTensor
  private let type: StoredType
  private let byteCount: Int
  private var made: Parts?

  var blocks: Int { byteCount / matrix.type.blockBytes }
  var codeBytes: Int { blocks * matrix.type.blockLength / 2 }
  var nestedBlocks: Int {
    (blocks + DoubleQuantization.blockLength - 1) / DoubleQuantization.blockLength
  }
  let stateBytes: Int

  init(_ matrix: OutgoingTensor, _ type: StoredType) throws(SVFTError) {
    try invariant(
      BitsAndBytesWriter.holds(matrix.type.name) && matrix.shape.count == 2,
      "\(matrix.name): \(matrix.type.name) \(matrix.shape) for bitsandbytes")
    self.matrix = matrix
    self.type = type
    byteCount = try matrix.byteCount()
    // A number of F32 takes 25 letters at most.
    stateBytes = try Self.state(matrix, type, offset: 0).text().utf8.count + 32
  }

  private static func state(
    _ matrix: OutgoingTensor, _ type: StoredType, offset: Float
  ) -> FourBitState {
    FourBitState(
      kind: "nf4", blockLength: matrix.type.blockLength, type: type, rows: matrix.shape[0],
      columns: matrix.shape[1],
      nested: .init(blockLength: DoubleQuantization.blockLength, offset: offset))
  }

  func state() throws(SVFTError) -> String {
    let text = try Self.state(matrix, type, offset: parts().offset).text()
    return text + String(repeating: " ", count: max(0, stateBytes - text.utf8.count))
  }

  func release() { made = nil }

  func parts() throws(SVFTError) -> Parts {
    if let made { return made }
    let bytes = try Buffer(byteCount: byteCount)
    let sink = ByteSink(filling: bytes)
    try matrix.write(to: sink)
    let scales = try Buffer(of: Float.self, count: blocks)
    let codes = try Buffer(byteCount: codeBytes)
    let scaleCodes = try Buffer(byteCount: blocks)
    withExtendedLifetime(bytes) { take(bytes.pointer, scales.values(), codes.pointer) }
    let found = DoubleQuantization.encode(scales.values(), into: scaleCodes.values())
    let parts = Parts(
      codes: codes, scales: scaleCodes, nested: try Self.buffer(found.nested),
      map: try Self.buffer(DoubleQuantization.map),
      points: try Self.buffer(FourBitMatrix.points(of: matrix.type)), offset: found.offset)
    made = parts
    return parts
  }

  /// Scales and codes of all blocks, codes in the order of the numbers.
  private func take(
    _ from: UnsafeMutableRawPointer, _ scales: UnsafeMutableBufferPointer<Float>,
    _ codes: UnsafeMutableRawPointer
  ) {
    let (length, bytes) = (matrix.type.blockLength, matrix.type.blockBytes)
    for block in 0..<blocks {
      let source = from + block * bytes
      scales[block] = source.load(as: Float.self)
      for pair in 0..<8 {
        let words = (source + 4 + 4 * pair).assumingMemoryBound(to: UInt8.self)
        let to = codes + block * length / 2 + pair
        for half in 0..<2 {
          let (first, second) = (words[half], words[half + 2])
          to.storeBytes(of: first << 4 | second & 15, toByteOffset: 16 * half, as: UInt8.self)
          to.storeBytes(
            of: first & 0xf0 | second >> 4, toByteOffset: 16 * half + 8, as: UInt8.self)
        }
      }
    }
  }

  private static func buffer(_ values: [Float]) throws(SVFTError) -> Buffer {
    let buffer = try Buffer(of: Float.self, count: values.count)
    _ = buffer.values(Float.self).update(from: values)
    return buffer
  }
}
