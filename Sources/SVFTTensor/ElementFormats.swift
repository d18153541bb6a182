// The registry of element formats: the list is the documentation of what can be loaded and
// multiplied.

/// All element formats, and how files name them.
package enum ElementFormats {
  /// Every format, in the order of GGUF's type ids.
  package static let all: [any ElementFormat] = [F32(), F16(), Q4_0(), Q8_0(), BF16()]

  /// Values as they are computed with.
  package static let f32: any ElementFormat = F32()
  /// What ggml stores a matrix in whose rows fit no block.
  package static let f16: any ElementFormat = F16()

  /// The format of this name ("F32", "Q8_0"), whatever the case of its letters.
  package static func named(_ name: String) -> (any ElementFormat)? {
    all.first { $0.name.lowercased() == name.lowercased() }
  }

  /// The format that a user named. Throws `.unsupported` with what there is.
  package static func required(_ name: String) throws(SVFTError) -> any ElementFormat {
    if let format = named(name) { return format }
    let known = all.map { $0.name.lowercased() }.joined(separator: ", ")
    throw SVFTError(
      .unsupported, "expected one of the formats \(known), found \(name.debugDescription)")
  }

  /// The format of a GGUF type id.
  package static func gguf(_ type: UInt32) -> (any ElementFormat)? {
    all.first { $0.ggufType == type }
  }

  /// The format of a safetensors dtype.
  package static func safetensors(_ type: String) -> (any ElementFormat)? {
    all.first { $0.safetensorsType == type }
  }
}
