// GGUF files written and read back: metadata of every kind, tensors, alignment, refusals.
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct GGUFWriterTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func tensorsAndMetadataReadBackAsWritten() throws {
    let path = folder.file("f.gguf")
    let q8 = try StoredType.named("Q8_0")
    let block = try OutgoingTensor("q", [2, 32], q8, bytes: OutgoingTensors.buffer(68))
    try GGUFWriter.write(
      path, OutgoingTensors.example() + [block],
      metadata: [
        ("general.architecture", .string("llama")), ("a.u32", .uint32(42)),
        ("a.i64", .integer(-5, .int64)), ("a.i8", .integer(-5, .int8)), ("a.u64", .unsigned(.max)),
        ("a.f32", .float32(1e-5)), ("a.f64", .float64(0.1)), ("a.bool", .bool(true)),
        ("a.strings", .strings(["", "é", "x y"])), ("a.floats", .floats([0, -1.5])),
        ("a.ints", .ints([1, -2])), ("a.bools", .bools([true, false])), ("a.none", .strings([])),
      ])
    let file = try GGUF(path)
    #expect(file.names == ["model.w", "h", "é", "q"])
    #expect(try file.require("model.w").shape == [2, 3])
    #expect(try file.bytes("model.w").array == OutgoingTensors.pattern(24))
    #expect(try file.bytes("q").array == OutgoingTensors.pattern(68))
    #expect(try file.int("a.u32") == 42)
    #expect(try file.int("a.i64") == -5)
    #expect(try file.int("a.i8") == -5)
    #expect(try file.double("a.f32") == Double(Float(1e-5)))
    #expect(try file.double("a.f64") == 0.1)
    #expect(try file.bool("a.bool"))
    #expect(try file.strings("a.strings") == ["", "é", "x y"])
    #expect(try file.floats("a.floats") == [0, -1.5])
    #expect(try file.ints("a.ints") == [1, -2])
    #expect(try file.strings("a.none") == [])
    for name in file.names {
      #expect(try Int(bitPattern: file.bytes(name).pointer) % 32 == 0)
    }
  }

  @Test(.enabled(if: SharedData.isPresent, "shared data is absent"))
  func aModelCopiedIsTheSameModel() throws {
    let original = try GGUF(SharedData.path("stories260K/gguf/stories260K-q4_0.gguf"))
    let path = folder.file("copy.gguf")
    var tensors: [OutgoingTensor] = []
    for name in original.names { tensors.append(try .init(copying: name, from: original)) }
    try GGUFWriter.write(path, tensors, metadata: original.metadata)
    let copy = try MappedFile(path).buffer.array
    #expect(try copy == MappedFile(original.path).buffer.array)
  }

  @Test func whatGGUFCannotHoldIsRefused() throws {
    let path = folder.file("f")
    let u8 = try StoredType.named("U8")
    let f32 = try StoredType.named("F32")
    let four = try OutgoingTensors.buffer(4)
    let wrong: [([OutgoingTensor], SVFTError.Kind)] = [
      ([.init("a", [4], u8, bytes: four)], .unsupported),
      ([.init("a", [], f32, bytes: four)], .shape), ([.init("a", [0], f32, bytes: four)], .shape),
      ([.init("a", [1, 1, 1, 1, 1], f32, bytes: four)], .shape),
      ([.init(String(repeating: "n", count: 64), [1], f32, bytes: four)], .invalidArgument),
      ([.init("a", [1], f32, bytes: four), .init("a", [1], f32, bytes: four)], .invalidArgument),
    ]
    for (tensors, expected) in wrong {
      let error = #expect(throws: SVFTError.self) {
        try GGUFWriter.write(path, tensors, metadata: [])
      }
      #expect(error?.kind == expected)
    }
    for keys in [["a", "a"], [""], ["general.alignment"]] {
      #expect(throws: SVFTError.self) {
        try GGUFWriter.write(path, [], metadata: keys.map { ($0, .bool(true)) })
      }
    }
    #expect(throws: SVFTError.self) { try GGUFValue.uint32(-1) }
    #expect(try FileSystem.list(folder.path).isEmpty)
  }
}
