// Every limit on what a file may ask of us, in one place. A number above its limit is a `.limit`
// error before anything is allocated for it. The values are far above what real models need and far
// below what would hurt a host.

/// Upper bounds for foreign files.
package enum Limits {
  /// Bytes of a JSON text or of a safetensors or GGUF header.
  package static let headerBytes = 100_000_000
  /// Nested arrays and objects of a JSON text.
  package static let jsonDepth = 64
  /// Values in one JSON text; each costs about 24 bytes once parsed.
  package static let jsonValues = 1 << 23
  /// Bytes of one number in a JSON text.
  package static let jsonNumberBytes = 1024
  /// Key-value pairs of a GGUF file.
  package static let metadataEntries = 65_536
  /// Tensors of one file or folder.
  package static let tensors = 65_536
  /// Bytes of a metadata key.
  package static let keyBytes = 1024
  /// Bytes of a tensor name.
  ///
  /// GGUF itself allows 64 (`ggufNameBytes`).
  package static let nameBytes = 256
  /// Bytes of a tensor name in a GGUF file, the closing zero of the C string not counted.
  package static let ggufNameBytes = 63
  /// Bytes of one metadata string.
  package static let stringBytes = 1 << 26
  /// Elements of one metadata array (vocabularies have up to 2^20, merge lists up to 4 million).
  package static let arrayElements = 1 << 22
  /// Dimensions of a tensor.
  package static let dimensions = 8
  /// Shards of one model.
  package static let shards = 4096
  /// Bytes of one configuration file that is read whole.
  package static let fileBytes = 1 << 27
  /// Bytes of one line of training data.
  package static let dataLine = 1 << 26
  /// Pixels of one picture; each takes up to four bytes once decoded.
  package static let imagePixels = 1 << 26
}
