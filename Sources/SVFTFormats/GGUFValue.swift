// The metadata values of GGUF files. Arrays stay encoded until somebody asks for their elements:
// opening a model for its weights does not unpack its vocabulary, and no count can make us
// allocate. An array's bytes were walked once when the file opened. Type ids: ggml's gguf.h (enum
// gguf_type).
package import SVFTTensor

/// One metadata value.
package enum GGUFValue: Sendable {
  /// The element types and their ids in the file.
  package enum Kind: UInt32, Sendable, CaseIterable {
    case uint8 = 0, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64
    case float64

    /// Bytes of one value; nil where they vary.
    var byteCount: Int? {
      switch self {
      case .uint8, .int8, .bool: 1
      case .uint16, .int16: 2
      case .uint32, .int32, .float32: 4
      case .uint64, .int64, .float64: 8
      case .string, .array: nil
      }
    }
  }

  /// An integer of any width that fits 64 signed bits.
  case integer(Int, Kind)
  /// A 64-bit unsigned integer above `Int.max`.
  case unsigned(UInt64)
  case float32(Float)
  case float64(Double)
  case bool(Bool)
  case string(String)
  case array(Array)

  /// Encoded elements of one kind.
  package struct Array: Sendable {
    package let kind: Kind
    package let count: Int
    let bytes: Buffer
  }

  /// What the value is, with its article, for messages.
  package var description: String {
    switch self {
    case .integer, .unsigned: "an integer"
    case .float32, .float64: "a number"
    case .bool: "a truth value"
    case .string: "a string"
    case .array(let array): "an array of \(array.count) × \(array.kind)"
    }
  }

  /// The value as people read it; arrays by their length.
  package var shown: String {
    switch self {
    case .integer(let value, _): value.description
    case .unsigned(let value): value.description
    case .float32(let value): value.description
    case .float64(let value): value.description
    case .bool(let value): value.description
    case .string(let value): value
    case .array(let array): "[\(array.count) × \(array.kind)]"
    }
  }
}

extension GGUFValue {
  /// A 32-bit unsigned integer, the custom for hyperparameters.
  ///
  /// `.limit` where it does not fit.
  package static func uint32(_ value: Int) throws(SVFTError) -> GGUFValue {
    guard UInt32(exactly: value) != nil else {
      throw SVFTError(.limit, "\(value) does not fit an unsigned 32-bit metadata value")
    }
    return .integer(value, .uint32)
  }

  /// An array of strings.
  package static func strings(_ values: [String]) throws(SVFTError) -> GGUFValue {
    var encoded: [UInt8] = []
    for value in values { Encoding.append(value, to: &encoded) }
    return try array(.string, values.count, encoded)
  }

  /// An array of 32-bit floats.
  package static func floats(_ values: [Float]) throws(SVFTError) -> GGUFValue {
    var encoded: [UInt8] = []
    for value in values { Encoding.append(value.bitPattern, to: &encoded) }
    return try array(.float32, values.count, encoded)
  }

  /// An array of signed 32-bit integers.
  package static func ints(_ values: [Int32]) throws(SVFTError) -> GGUFValue {
    var encoded: [UInt8] = []
    for value in values { Encoding.append(value, to: &encoded) }
    return try array(.int32, values.count, encoded)
  }

  /// An array of bytes.
  package static func bytes(_ values: [UInt8]) throws(SVFTError) -> GGUFValue {
    try array(.uint8, values.count, values)
  }

  /// An array of truth values.
  package static func bools(_ values: [Bool]) throws(SVFTError) -> GGUFValue {
    try array(.bool, values.count, values.map { $0 ? 1 : 0 })
  }

  private static func array(_ kind: Kind, _ count: Int, _ encoded: [UInt8]) throws(SVFTError)
    -> GGUFValue
  {
    let bytes = try Buffer(byteCount: encoded.count)
    UnsafeMutableRawBufferPointer(start: bytes.pointer, count: encoded.count)
      .copyBytes(from: encoded)
    return .array(Array(kind: kind, count: count, bytes: bytes))
  }
}
