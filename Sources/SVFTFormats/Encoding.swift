// The bytes of numbers, strings and metadata values as GGUF stores them, little-endian, lengths in
// 64 bits. The counterpart of ByteReader.
import SVFTTensor

/// Appends numbers, strings and metadata values to bytes.
enum Encoding {
  static func append(_ value: some FixedWidthInteger, to output: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { output.append(contentsOf: $0) }
  }

  static func append(_ value: String, to output: inout [UInt8]) {
    append(UInt64(value.utf8.count), to: &output)
    output.append(contentsOf: value.utf8)
  }

  /// Appends the type id of a value and the value.
  static func append(_ value: GGUFValue, to output: inout [UInt8]) {
    switch value {
    case .integer(let number, let kind):
      append(kind.rawValue, to: &output)
      // Little-endian: the low bytes of the two's complement are the narrower integer.
      var wide: [UInt8] = []
      append(number, to: &wide)
      output.append(contentsOf: wide.prefix(kind.byteCount ?? 8))
    case .unsigned(let number):
      append(GGUFValue.Kind.uint64.rawValue, to: &output)
      append(number, to: &output)
    case .float32(let number):
      append(GGUFValue.Kind.float32.rawValue, to: &output)
      append(number.bitPattern, to: &output)
    case .float64(let number):
      append(GGUFValue.Kind.float64.rawValue, to: &output)
      append(number.bitPattern, to: &output)
    case .bool(let value):
      append(GGUFValue.Kind.bool.rawValue, to: &output)
      output.append(value ? 1 : 0)
    case .string(let text):
      append(GGUFValue.Kind.string.rawValue, to: &output)
      append(text, to: &output)
    case .array(let array):
      append(GGUFValue.Kind.array.rawValue, to: &output)
      append(array.kind.rawValue, to: &output)
      append(UInt64(array.count), to: &output)
      output.append(contentsOf: array.bytes.bytes)
    }
  }
}
