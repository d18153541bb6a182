// The registry of element formats: the list is the documentation of what can be loaded and
// multiplied.

/// All element formats, and how files name them.
package enum ElementFormats {
  /// Every format, in the order of GGUF's type ids, then those that it has none for.
  package static let all: [any ElementFormat] = [
    F32(), F16(), Q4_0(), Q4_1(), Q5_0(), Q5_1(), Q8_0(), Q2_K(), Q3_K(), Q4_K(), Q5_K(), Q6_K(),
    IQ2_XXS(), IQ2_XS(), IQ3_XXS(), IQ1_S(), IQ4_NL(), IQ3_S(), IQ2_S(), IQ4_XS(), IQ1_M(), BF16(),
    TQ1_0(), TQ2_0(), MXFP4(), NVFP4(), NF4(),
  ]

  /// Those that numbers can be brought into.
  package static let encodable = all.filter(\.canEncode)

  /// Values as they are computed with.
  package static let f32: any ElementFormat = F32()
  /// What ggml stores a matrix in whose rows fit no block.
  package static let f16: any ElementFormat = F16()

  /// The format of this name ("F32", "Q8_0"), whatever the case of its letters.
  package static func named(_ name: String) -> (any ElementFormat)? {
    all.first { $0.name.lowercased() == name.lowercased() }
  }

  /// The format that a user named, to bring numbers into.
  ///
  /// Throws `.unsupported` with what there is.
  package static func required(_ name: String) throws(SVFTError) -> any ElementFormat {
    let format = named(name)
    if let format, format.canEncode { return format }
    let known = encodable.map { $0.name.lowercased() }.joined(separator: ", ")
    let found = format.map { "\($0.name), which can be read but not written" }
    throw SVFTError(
      .unsupported,
      "expected one of the formats \(known), found \(found ?? name.debugDescription)")
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
