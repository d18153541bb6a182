// Typed access to what a checkpoint says about its own geometry: the keys of config.json, or the
// metadata of a GGUF file under the names that llama.cpp gives the same quantities. Both look alike
// from here on.
//
// Every number is foreign: it is range checked where it is read. A missing key, a wrong type and a
// value below the range are `.format`, a value above it is `.limit`, a name we do not know is
// `.unsupported`; the message has the file and the key.
package import SVFTFormats
package import SVFTTensor

/// The hyper-parameters of one checkpoint.
package struct Hyperparameters: Sendable {
  /// Whose key and tensor names a checkpoint uses.
  package enum Dialect: Sendable, Equatable {
    case huggingFace
    /// GGUF, whose keys begin with the architecture's id.
    case gguf(architecture: String)
  }

  /// The file they were read from, for messages.
  package let file: String
  package let dialect: Dialect
  /// config.json as it was, or the GGUF metadata as one flat object.
  package let values: JSON.Object

  package init(_ values: JSON.Object, dialect: Dialect, file: String) {
    self.values = values
    self.dialect = dialect
    self.file = file
  }

  /// Whether the names are those of a GGUF file.
  package var isGGUF: Bool { dialect != .huggingFace }

  /// The key in this dialect; nil where the dialect has none for it.
  ///
  /// GGUF keys get the architecture's prefix unless they are absolute.
  private func name(_ key: String, _ gguf: String?) -> String? {
    guard case .gguf(let architecture) = dialect else { return key }
    guard let gguf else { return nil }
    let absolute = gguf.hasPrefix("general.") || gguf.hasPrefix("tokenizer.")
    return absolute ? gguf : "\(architecture).\(gguf)"
  }

  /// The value under either name, nil where absent or null.
  package func value(_ key: String, gguf: String? = nil) -> JSON? {
    guard let name = name(key, gguf), values.has(name) else { return nil }
    return values[name]
  }

  /// How messages name a key.
  package func place(_ key: String, gguf: String? = nil) -> String {
    "\(file): \(name(key, gguf) ?? key)"
  }

  /// Reads a value with `convert`, or gives the default where there is none.
  private func read<Result>(
    _ key: String, _ gguf: String?, _ other: Result?,
    _ convert: (JSON, String) throws(SVFTError) -> Result
  ) throws(SVFTError) -> Result {
    if let value = value(key, gguf: gguf) { return try convert(value, place(key, gguf: gguf)) }
    if let other { return other }
    throw SVFTError(.format, "\(place(key, gguf: gguf)): the key is missing")
  }

  /// A whole number within `range`.
  package func integer(
    _ key: String, gguf: String? = nil, in range: ClosedRange<Int>, default other: Int? = nil
  ) throws(SVFTError) -> Int {
    try read(key, gguf, other) { (value, place) throws(SVFTError) in
      let number = try value.int(place)
      return try Checked.within(number, range, place, kind: number > 0 ? .limit : .format)
    }
  }

  /// A finite number within `range`.
  package func number(
    _ key: String, gguf: String? = nil, in range: ClosedRange<Double>, default other: Double? = nil
  ) throws(SVFTError) -> Double {
    try read(key, gguf, other) { (value, place) throws(SVFTError) in
      try Checked.within(value.double(place), range, place, kind: .format)
    }
  }

  /// A truth value.
  package func flag(_ key: String, gguf: String? = nil, default other: Bool) throws(SVFTError)
    -> Bool
  {
    try read(key, gguf, other) { (value, place) throws(SVFTError) in try value.bool(place) }
  }

  /// A string.
  package func text(_ key: String, gguf: String? = nil, default other: String? = nil)
    throws(SVFTError) -> String
  {
    try read(key, gguf, other) { (value, place) throws(SVFTError) in try value.string(place) }
  }

  /// The strings of an array of config.json; none where absent.
  package func strings(_ key: String) throws(SVFTError) -> [String] {
    guard let value = value(key) else { return [] }
    var result: [String] = []
    for element in try value.array(place(key)) { result.append(try element.string(place(key))) }
    return result
  }

  /// The finite numbers of an array of config.json; none where absent.
  package func numbers(_ key: String) throws(SVFTError) -> [Double] {
    guard let value = value(key) else { return [] }
    var result: [Double] = []
    for element in try value.array(place(key)) { result.append(try element.double(place(key))) }
    return result
  }

  /// An object of config.json; nil where absent or null, and in GGUF files, which have none.
  package func section(_ key: String) throws(SVFTError) -> JSON.Object? {
    guard let value = value(key) else { return nil }
    return try value.object(place(key))
  }

  /// The same checkpoint seen with another set of values (a section that continues its parent).
  package func replacing(_ values: JSON.Object) -> Hyperparameters {
    Hyperparameters(values, dialect: dialect, file: file)
  }

  /// Refuses a setting that changes the computation in a way we do not have.
  package func refuse(
    _ key: String, gguf: String? = nil, unless holds: Bool, _ found: @autoclosure () -> String
  ) throws(SVFTError) {
    guard !holds else { return }
    throw SVFTError(.unsupported, "\(place(key, gguf: gguf)): \(found()) is not supported")
  }
}
