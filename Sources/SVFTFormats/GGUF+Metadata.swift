// Typed access to GGUF metadata, in the manner of JSON's: a missing key and a wrong type are
// `.format` errors that name the file, the key and what was found; a default serves for an absent
// key only.
package import SVFTTensor

extension GGUF {
  /// All metadata in the order of the file.
  package var metadata: [(key: String, value: GGUFValue)] {
    zip(keys.names, values).map { (key: $0, value: $1) }
  }

  /// The metadata as people read it.
  package var description: [(key: String, value: String)] {
    metadata.map { (key: $0.key, value: $0.value.shown) }
  }

  /// The value of a key, or nil.
  package func value(_ key: String) -> GGUFValue? { keys.position(of: key).map { values[$0] } }

  /// Whether there is such a key.
  package func has(_ key: String) -> Bool { keys.position(of: key) != nil }

  package func string(_ key: String) throws(SVFTError) -> String {
    if case .string(let value) = try required(key) { return value }
    throw wrong(key, "a string")
  }

  /// The value of any integer type.
  package func int(_ key: String) throws(SVFTError) -> Int {
    if case .integer(let value, _) = try required(key) { return value }
    throw wrong(key, "an integer")
  }

  /// The value of any number type.
  package func double(_ key: String) throws(SVFTError) -> Double {
    switch try required(key) {
    case .float32(let value): return Double(value)
    case .float64(let value): return value
    case .integer(let value, _): return Double(value)
    case .unsigned(let value): return Double(value)
    default: throw wrong(key, "a number")
    }
  }

  package func bool(_ key: String) throws(SVFTError) -> Bool {
    if case .bool(let value) = try required(key) { return value }
    throw wrong(key, "true or false")
  }

  package func strings(_ key: String) throws(SVFTError) -> [String] {
    try array(key).strings(place(key))
  }

  /// Strings as their bytes.
  package func texts(_ key: String) throws(SVFTError) -> [[UInt8]] {
    try array(key).texts(place(key))
  }

  package func ints(_ key: String) throws(SVFTError) -> [Int] { try array(key).ints(place(key)) }

  package func floats(_ key: String) throws(SVFTError) -> [Float] {
    try array(key).floats(place(key))
  }

  package func string(_ key: String, default other: String) throws(SVFTError) -> String {
    has(key) ? try string(key) : other
  }

  package func int(_ key: String, default other: Int) throws(SVFTError) -> Int {
    has(key) ? try int(key) : other
  }

  package func double(_ key: String, default other: Double) throws(SVFTError) -> Double {
    has(key) ? try double(key) : other
  }

  package func bool(_ key: String, default other: Bool) throws(SVFTError) -> Bool {
    has(key) ? try bool(key) : other
  }

  private func array(_ key: String) throws(SVFTError) -> GGUFValue.Array {
    if case .array(let value) = try required(key) { return value }
    throw wrong(key, "an array")
  }

  private func required(_ key: String) throws(SVFTError) -> GGUFValue {
    guard let value = value(key) else {
      throw SVFTError(.format, "\(place(key)): the key is missing")
    }
    return value
  }

  private func place(_ key: String) -> String { "\(path): metadata \(key.debugDescription)" }

  private func wrong(_ key: String, _ expected: String) -> SVFTError {
    SVFTError(
      .format, "\(place(key)): expected \(expected), found \(value(key)?.description ?? "nothing")")
  }
}
