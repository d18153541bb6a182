// What bitsandbytes says of one matrix of four bits, as JSON bytes in a tensor of its own:
//
//   {"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [rows, columns],
//    "nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 0.03}
//
// Blocks run over the matrix as one row of numbers. The three last are there where the scales of
// blocks are quantised too (DoubleQuantization.swift).
import SVFTTensor

/// The state of one matrix.
struct FourBitState: Sendable, Equatable {
  /// How scales are quantised: blocks of so many, each less this offset.
  struct Nested: Sendable, Equatable {
    let blockLength: Int
    let offset: Float
  }

  /// "nf4" or "fp4": which numbers codes stand for, where the file does not say so itself.
  let kind: String
  let blockLength: Int
  /// What bitsandbytes decodes to.
  let type: StoredType
  let rows: Int
  let columns: Int
  let nested: Nested?

  /// What the name of a matrix is followed by in that of its state.
  static func suffix(_ kind: String) -> String { ".quant_state.bitsandbytes__\(kind)" }
  /// The kinds there are.
  static let kinds = ["nf4", "fp4"]
  /// Types by their names in torch.
  static let types: [(torch: String, stored: String)] = [
    ("float32", "F32"), ("float16", "F16"), ("bfloat16", "BF16"),
  ]

  /// Numbers of the matrix.
  func count() throws(SVFTError) -> Int {
    try Checked.product(rows, columns, "the numbers of a matrix")
  }

  /// Blocks of the matrix, the last perhaps not whole.
  func blocks() throws(SVFTError) -> Int {
    try Checked.sum(count(), blockLength - 1, "the blocks of a matrix") / blockLength
  }

  init(
    kind: String, blockLength: Int, type: StoredType, rows: Int, columns: Int, nested: Nested?
  ) {
    self.kind = kind
    self.blockLength = blockLength
    self.type = type
    self.rows = rows
    self.columns = columns
    self.nested = nested
  }

  /// Reads the bytes of a state.
  ///
  /// `.format` where they are none, `.unsupported` for what bitsandbytes does not write.
  init(_ bytes: UnsafeRawBufferPointer) throws(SVFTError) {
    let root = try JSON.parse(bytes).root("quant_state")
    kind = try root.string("quant_type")
    blockLength = try Checked.within(
      root.int("blocksize"), 1...1 << 20, "blocksize", kind: .format)
    let dtype = try root.string("dtype")
    guard let type = Self.types.first(where: { $0.torch == dtype }) else {
      throw SVFTError(
        .unsupported, "dtype: expected float32, float16 or bfloat16, found \(dtype)")
    }
    self.type = try StoredType.named(type.stored)
    let shape = try root.ints("shape")
    guard shape.count == 2, shape.allSatisfy({ $0 > 0 }) else {
      throw SVFTError(.unsupported, "shape: expected a matrix [rows, columns], found \(shape)")
    }
    (rows, columns) = (shape[0], shape[1])
    guard root.has("nested_blocksize") else {
      nested = nil
      return
    }
    nested = Nested(
      blockLength: try Checked.within(
        root.int("nested_blocksize"), 1...1 << 20, "nested_blocksize", kind: .format),
      offset: Float(try root.double("nested_offset")))
  }

  /// The bytes that bitsandbytes reads.
  func text() throws(SVFTError) -> String {
    let dtype = Self.types.first { $0.stored == type.name }?.torch ?? type.name
    var object = JSON.Object([
      ("quant_type", .string(kind)), ("blocksize", .integer(blockLength)),
      ("dtype", .string(dtype)), ("shape", [.integer(rows), .integer(columns)]),
    ])
    if let nested {
      object["nested_blocksize"] = .integer(nested.blockLength)
      object["nested_dtype"] = "float32"
      object["nested_offset"] = .number(Double(nested.offset))
    }
    return try JSON.object(object).text(.compact)
  }
}
