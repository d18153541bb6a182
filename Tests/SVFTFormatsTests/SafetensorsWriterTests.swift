// What the writers write, the readers read; and what they refuse to write.
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct SafetensorsWriterTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test func tensorsReadBackAsWritten() throws {
    let path = folder.file("f.safetensors")
    let tensors = try OutgoingTensors.example()
    try SafetensorsWriter.write(path, tensors, metadata: [("format", "pt"), ("é\"", "\n")])
    let file = try Safetensors(path)
    #expect(file.names == ["model.w", "h", "é"])
    #expect(file.metadata.map(\.key) == ["format", "é\""])
    #expect(try file.require("model.w").shape == [2, 3])
    #expect(try file.bytes("model.w").array == OutgoingTensors.pattern(24))
    #expect(try file.require("é").shape == [4])
    // Mapped data begin on a cache line.
    #expect(try Int(bitPattern: file.bytes("model.w").pointer) % 64 == 0)
  }

  @Test func theSameTensorsGiveTheSameBytes() throws {
    for name in ["a", "b"] {
      try SafetensorsWriter.write(folder.file(name), OutgoingTensors.example())
    }
    let a = try MappedFile(folder.file("a")).buffer.array
    #expect(try a == MappedFile(folder.file("b")).buffer.array)
  }

  @Test func emptyAndScalarTensorsAreLegal() throws {
    let path = folder.file("f")
    let u8 = try StoredType.named("U8")
    try SafetensorsWriter.write(
      path,
      [
        .init("s", [], u8, bytes: OutgoingTensors.buffer(1)),
        .init("e", [0, 5], u8, bytes: OutgoingTensors.buffer(0)),
      ])
    #expect(try Safetensors(path).names == ["s", "e"])
    try SafetensorsWriter.write(path, [])
    #expect(try Safetensors(path).names.isEmpty)
  }

  @Test func wrongTensorsAreRefusedAndTheOldFileStays() throws {
    let path = folder.file("f")
    try SafetensorsWriter.write(path, OutgoingTensors.example())
    let before = try FileSystem.read(path).array
    let f32 = try StoredType.named("F32")
    let q8 = try StoredType.named("Q8_0")
    let four = try OutgoingTensors.buffer(4)
    let wrong: [([OutgoingTensor], SVFTError.Kind)] = try [
      ([.init("a", [1], f32, bytes: four), .init("a", [1], f32, bytes: four)], .invalidArgument),
      ([.init("", [1], f32, bytes: four)], .invalidArgument),
      ([.init("a", [2], f32, bytes: four)], .internal),
      ([.init("a", [32], q8, bytes: OutgoingTensors.buffer(34))], .unsupported),
      ([.init("a", [-1], f32, bytes: four)], .shape),
      ([.init("a", [.max, 2], f32, bytes: four)], .limit),
    ]
    for (tensors, expected) in wrong {
      let error = #expect(throws: SVFTError.self) { try SafetensorsWriter.write(path, tensors) }
      #expect(error?.kind == expected)
    }
    #expect(try FileSystem.read(path).array == before)
    #expect(try FileSystem.list(folder.path) == ["f"])
  }
}

/// Tensors for tests of both writers.
enum OutgoingTensors {
  static func example() throws -> [OutgoingTensor] {
    let f32 = try StoredType.named("F32")
    let half = try StoredType.named("F16")
    return [
      .init("model.w", [2, 3], f32) { (sink) throws(SVFTError) in
        let bytes = pattern(24)
        try sink.write(Array(bytes[..<12]))
        try sink.write(Array(bytes[12...]))
      },
      .init("h", [3, 1], half, bytes: try buffer(6)),
      .init("é", [4], f32, bytes: try buffer(16)),
    ]
  }

  static func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 5) }
  }

  static func buffer(_ count: Int) throws -> Buffer {
    let buffer = try Buffer(byteCount: count)
    for (place, byte) in pattern(count).enumerated() {
      buffer.pointer.storeBytes(of: byte, toByteOffset: place, as: UInt8.self)
    }
    return buffer
  }
}
