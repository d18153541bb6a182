// Makers of small files, correct and hostile: raw enough to claim anything. Formats are written
// here by hand, not with our writers, so that a mistake shared by reader and writer is seen.
import Foundation
import SVFTTensor

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

  /// A GGUF file of any parts; counts default to what the parts hold.
  package static func gguf(
    version: UInt32 = 3, tensors: [[UInt8]] = [], metadata: [[UInt8]] = [],
    tensorCount: UInt64? = nil, metadataCount: UInt64? = nil, data: [UInt8] = []
  ) -> [UInt8] {
    var file = Array("GGUF".utf8) + bytes(version)
    file += bytes(tensorCount ?? UInt64(tensors.count))
    file += bytes(metadataCount ?? UInt64(metadata.count))
    for part in metadata + tensors { file += part }
    while file.count % 32 != 0 { file.append(0) }
    return file + data
  }

  /// A GGUF string: its length in 64 bits, or the length it claims, and its bytes.
  package static func ggufString(_ text: String, length: UInt64? = nil) -> [UInt8] {
    bytes(length ?? UInt64(text.utf8.count)) + Array(text.utf8)
  }

  /// A metadata entry of any type id and value bytes.
  package static func ggufEntry(_ key: String, _ type: UInt32, _ value: [UInt8]) -> [UInt8] {
    ggufString(key) + bytes(type) + value
  }

  /// A tensor entry; dimensions as the file has them, the fastest first.
  package static func ggufTensor(
    _ name: String, _ dimensions: [UInt64], type: UInt32 = 0, offset: UInt64 = 0
  ) -> [UInt8] {
    ggufString(name) + bytes(UInt32(dimensions.count)) + dimensions.flatMap { bytes($0) }
      + bytes(type) + bytes(offset)
  }

  /// A small correct file: every kind of metadata, an F32 [2, 4], a Q8_0 [1, 32], an F16 vector.
  package static let validGGUF: [UInt8] = {
    let metadata = [
      ggufEntry("general.architecture", 8, ggufString("llama")),
      ggufEntry("a.u32", 4, bytes(UInt32(7))), ggufEntry("a.i8", 1, [0xFE]),
      ggufEntry("a.f32", 6, bytes(Float(0.5).bitPattern)), ggufEntry("a.bool", 7, [1]),
      ggufEntry("a.u64", 10, bytes(UInt64.max)),
      ggufEntry(
        "a.strings", 9, bytes(UInt32(8)) + bytes(UInt64(2)) + ggufString("x") + ggufString("é")),
      ggufEntry(
        "a.ints", 9, bytes(UInt32(5)) + bytes(UInt64(3)) + [1, -2, 3].flatMap { bytes(Int32($0)) }),
      ggufEntry("a.floats", 9, bytes(UInt32(6)) + bytes(UInt64(1)) + bytes(Float(-1.5).bitPattern)),
      ggufEntry("a.bools", 9, bytes(UInt32(7)) + bytes(UInt64(2)) + [0, 1]),
    ]
    let tensors = [
      ggufTensor("w", [4, 2]), ggufTensor("q", [32, 1], type: 8, offset: 32),
      ggufTensor("v", [16], type: 1, offset: 96),
    ]
    return gguf(tensors: tensors, metadata: metadata, data: (0..<128).map { UInt8($0) })
  }()

  /// The little-endian bytes of an integer.
  package static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  /// Whether the long loops were asked for, as `make test-all` does.
  private static let isLong = ProcessInfo.processInfo.environment["SVFT_TEST_LONG"] == "1"

  /// Each byte of `file` replaced, one at a time, by values that hurt most: single bits flipped,
  /// zero, 255, and a quote; in the long loops by every value, and then random damage at several
  /// places.
  ///
  /// Calls `attempt` with each variant and where it was changed first.
  package static func mutations(of file: [UInt8], _ attempt: ([UInt8], Int) throws -> Void) rethrows
  {
    var variant = file
    for place in file.indices {
      let byte = file[place]
      let worst = [byte ^ 1, byte ^ 0x80, byte ^ 0x20, 0, 255, UInt8(ascii: "\"")]
      for other in isLong ? Array(0...255) : worst where other != byte {
        variant[place] = other
        try attempt(variant, place)
      }
      variant[place] = byte
    }
    guard isLong else { return }
    var random = RandomSource(seed: 1, purpose: "mutations")
    for _ in 0..<200_000 {
      let (variant, place) = damaged(file, &random)
      if variant != file { try attempt(variant, place) }
    }
  }

  /// One to four bytes changed, a run taken out, or a run put in twice; and where that begins.
  private static func damaged(
    _ file: [UInt8], _ random: inout RandomSource
  ) -> (variant: [UInt8], place: Int) {
    var variant = file
    let place = random.below(file.count)
    let run = place..<min(file.count, place + 1 + random.below(16))
    switch random.below(3) {
    case 0: variant.removeSubrange(run)
    case 1: variant.insert(contentsOf: file[run], at: place)
    default:
      variant[place] = UInt8(truncatingIfNeeded: random.word())
      for _ in 0..<random.below(4) {
        variant[random.below(file.count)] = UInt8(truncatingIfNeeded: random.word())
      }
    }
    return (variant, place)
  }
}
