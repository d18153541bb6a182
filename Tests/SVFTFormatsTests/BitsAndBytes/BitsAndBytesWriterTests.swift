// Matrices written as bitsandbytes has them: read back with the same codes and nearly the same
// scales, and a second time with the same bytes.
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct BitsAndBytesWriterTests {
  private func matrix(_ rows: Int, _ columns: Int, named name: String = "w") throws
    -> (OutgoingTensor, [UInt8])
  {
    let format = try ElementFormats.required("nf4")
    var numbers = TestNumbers(seed: rows)
    let values = numbers.array(rows * columns)
    let bytes = try Buffer(byteCount: format.rowBytes(rows * columns))
    format.encode(values, count: values.count, into: bytes.pointer)
    let type = try StoredType(format)
    return (OutgoingTensor(name, [rows, columns], type, bytes: bytes), bytes.array)
  }

  @Test(arguments: [(1, 64), (3, 192), (70, 320)])
  func codesComeBackAndScalesNearly(_ rows: Int, _ columns: Int) throws {
    let folder = try TemporaryFolder()
    let (matrix, blocks) = try matrix(rows, columns)
    let tensors = try BitsAndBytesWriter.tensors(
      matrix, decodedTo: try StoredType.named("BF16"))
    #expect(tensors.map(\.name).contains("w.quant_state.bitsandbytes__nf4"))
    try SafetensorsWriter.write(folder.file("f"), tensors)
    let plain = try Safetensors(folder.file("f"))
    #expect(plain.entry("w")?.shape == [rows * columns / 2, 1])
    let source = try BitsAndBytes(plain)
    #expect(source.names == ["w"] && source.entry("w")?.type.name == "NF4")
    let found = try source.bytes("w").array
    let places = blocks.indices.filter { $0 % 36 >= 4 }
    #expect(places.map { found[$0] } == places.map { blocks[$0] })
    for block in stride(from: 0, to: blocks.count, by: 36) {
      func scale(_ bytes: [UInt8]) -> Float {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: block, as: Float.self) }
      }
      #expect(abs(scale(found) - scale(blocks)) < 0.01 * scale(blocks))
    }
    // The state is padded with spaces, which no reader of JSON minds.
    let state = try plain.bytes("w.quant_state.bitsandbytes__nf4").array
    #expect(state.last == UInt8(ascii: " "))
  }

  @Test func theFirstByteOfAPairIsTheHighOne() throws {
    let folder = try TemporaryFolder()
    var bytes = [UInt8](repeating: 0, count: 36)
    bytes.replaceSubrange(0..<4, with: [0, 0, 0x80, 0x3f])
    // Values 0, 16, 32 and 48, then 1, 17, 33 and 49.
    bytes.replaceSubrange(4..<8, with: [0x53, 0x21, 0x74, 0x98])
    let buffer = try Buffer(bytes)
    let matrix = OutgoingTensor("w", [1, 64], try StoredType.named("NF4"), bytes: buffer)
    try SafetensorsWriter.write(
      folder.file("f"),
      BitsAndBytesWriter.tensors(matrix, decodedTo: try StoredType.named("F32")))
    let codes = try Safetensors(folder.file("f")).bytes("w").array
    #expect(stride(from: 0, to: 32, by: 8).map { codes[$0] } == [0x34, 0x57, 0x18, 0x29])
    #expect(codes.count == 32)
  }

  @Test func configurationsAreThoseThatAreRead() throws {
    let words = BitsAndBytesWriter.configuration(
      try StoredType.named("BF16"), skipped: ["lm_head"])
    #expect(try BitsAndBytes.isMeant(by: words.root("config")))
    #expect(try words.root("config").strings("llm_int8_skip_modules") == ["lm_head"])
    #expect(BitsAndBytesWriter.holds("NF4") && !BitsAndBytesWriter.holds("Q4_0"))
  }
}
