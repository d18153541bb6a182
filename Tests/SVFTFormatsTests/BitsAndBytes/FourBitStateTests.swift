// The words of bitsandbytes about one matrix: read, written, and refused.
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct FourBitStateTests {
  private static let valid =
    #"{"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [2, 64], "#
    + #""nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 0.25}"#

  /// A matrix [2, 64] with this state.
  private func open(_ state: String, type: String = "U8") throws -> BitsAndBytes {
    let folder = try TemporaryFolder()
    let text = Array(state.utf8)
    func tensor(_ name: String, _ shape: [Int], _ type: String) throws -> OutgoingTensor {
      let type = try StoredType.named(type)
      return OutgoingTensor(
        name, shape, type, bytes: try Buffer(byteCount: type.byteCount(shape)))
    }
    let tensors = try [
      tensor("w", [64, 1], type), tensor("w.absmax", [2], "U8"),
      tensor("w.nested_absmax", [1], "F32"), tensor("w.nested_quant_map", [256], "F32"),
      tensor("w.quant_map", [16], "F32"),
      OutgoingTensor(
        "w.quant_state.bitsandbytes__nf4", [text.count], StoredType.named("U8"),
        bytes: Buffer(text)),
    ]
    try SafetensorsWriter.write(folder.file("f"), tensors)
    return try BitsAndBytes(Safetensors(folder.file("f")))
  }

  @Test func aStateIsWhatItSays() throws {
    let source = try open(Self.valid)
    #expect(source.names == ["w"] && source.liesAsMultiplied("w"))
    // Points that are not those of NF4 are decoded.
    #expect(source.entry("w")?.type.name == "BF16" && source.entry("w")?.shape == [2, 64])
  }

  @Test(arguments: [
    ("nf4", "fp4"), ("nf4", "nf5"), ("64, \"dtype", "0, \"dtype"), ("64, \"dtype", "-1, \"dtype"),
    ("bfloat16", "float8"), ("[2, 64]", "[128]"), ("[2, 64]", "[2, 65]"), ("[2, 64]", "[0, 64]"),
    ("[2, 64]", "[4611686018427387904, 4]"), ("[2, 64]", "null"), ("256", "0"), ("0.25", "1e999"),
    ("256", "1"), ("{", "["), ("}", ""), ("\"blocksize\"", "\"size\""), ("0.25", "\"a\""),
    ("64, \"dtype", "32, \"dtype"),
  ])
  func whatIsWrongIsAnErrorOfItsTensor(_ old: String, _ new: String) throws {
    let text = Self.valid.replacing(old, with: new, maxReplacements: 1)
    let failure = #expect(throws: SVFTError.self) { try open(text) }
    #expect(failure?.message.contains("w") == true)
    #expect(
      failure.map { [.format, .shape, .unsupported, .truncated, .limit].contains($0.kind) } ?? false
    )
  }

  @Test func everyPrefixAndFlippedByteIsReadOrRefused() throws {
    let text = Array(Self.valid.utf8)
    for length in text.indices {
      #expect(throws: SVFTError.self) {
        try open(String(decoding: text[..<length], as: UTF8.self))
      }
    }
    for place in text.indices {
      for flip in [1, 0x20, 0x80] as [UInt8] {
        var variant = text
        variant[place] ^= flip
        _ = try? open(String(decoding: variant, as: UTF8.self))
      }
    }
  }

  @Test func codesOfAnyTypeOfAsManyBytesAreRead() throws {
    #expect(try open(Self.valid, type: "I8").names == ["w"])
    #expect(throws: SVFTError.self) { try open(Self.valid, type: "I16") }
  }
}
