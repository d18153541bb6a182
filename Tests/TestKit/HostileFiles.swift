// Makers of small files, correct and hostile: raw enough to claim anything. Formats are written
// here by hand, not with our writers, so that a mistake shared by reader and writer is seen.

/// Bytes of files for tests of readers.
package enum HostileFiles {
  /// A safetensors file of any header text and data; `length` is the header length it claims.
  package static func safetensors(
    _ header: String, data: [UInt8] = [], length: UInt64? = nil
  ) -> [UInt8] {
    let text = Array(header.utf8)
    return bytes(length ?? UInt64(text.count)) + text + data
  }

  /// A small correct file: a [2, 2] F32, a scalar I64, an empty F16, metadata.
  package static let validSafetensors = safetensors(
    #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"#
      + #""s":{"dtype":"I64","shape":[],"data_offsets":[16,24]},"#
      + #""e":{"dtype":"F16","shape":[0,3],"data_offsets":[24,24]}}"#,
    data: (0..<24).map { UInt8($0) })

  /// The little-endian bytes of an integer.
  package static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  /// Each byte of `file` replaced, one at a time, by values that hurt most: its bits flipped singly
  /// or all, zero, 255, and a quote.
  ///
  /// Calls `attempt` with each variant and where it was changed.
  package static func mutations(of file: [UInt8], _ attempt: ([UInt8], Int) throws -> Void) rethrows
  {
    var variant = file
    for place in file.indices {
      let byte = file[place]
      for other in [byte ^ 1, byte ^ 0x80, byte ^ 0x20, 0, 255, UInt8(ascii: "\"")]
      where other != byte {
        variant[place] = other
        try attempt(variant, place)
      }
      variant[place] = byte
    }
  }
}
