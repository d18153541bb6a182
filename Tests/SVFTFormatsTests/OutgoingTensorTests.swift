// Tensors on their way out: written from a buffer, a source or a closure, and held to their shape.
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct OutgoingTensorTests {
  let folder: TemporaryFolder
  let path: String
  let f32: StoredType

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("f.safetensors")
    f32 = try StoredType.named("F32")
  }

  @Test func aClosureMayProduceInPieces() throws {
    let tensor = OutgoingTensor("w", [2, 2], f32) { (sink) throws(SVFTError) in
      for byte in UInt8(0)..<16 { try sink.write([byte]) }
    }
    try SafetensorsWriter.write(path, [tensor])
    #expect(try Safetensors(path).bytes("w").array == Array(0..<16))
  }

  @Test func aCopyIsByteForByte() throws {
    let source = try Safetensors(folder.write("s", HostileFiles.validSafetensors))
    try SafetensorsWriter.write(path, [OutgoingTensor(copying: "a", from: source)])
    let copy = try Safetensors(path)
    #expect(try copy.bytes("a").array == source.bytes("a").array)
    #expect(try copy.require("a").shape == [2, 2])
    #expect(throws: SVFTError.self) { try OutgoingTensor(copying: "none", from: source) }
  }

  /// The header would lie: our own fault, so `.internal`, and no file appears.
  @Test(arguments: [15, 17])
  func bytesThatDoNotFitTheShapeAreNotWritten(_ count: Int) throws {
    let tensor = OutgoingTensor("w", [2, 2], f32, bytes: try Buffer(byteCount: count))
    let error = #expect(throws: SVFTError.self) { try SafetensorsWriter.write(path, [tensor]) }
    #expect(error?.kind == .internal)
    #expect(error?.message.contains("w: \(count) bytes") == true, "\(error?.message ?? "")")
    #expect(try FileSystem.kind(path) == nil)
  }

  @Test func namesAndShapesAreChecked() throws {
    let four = try Buffer(byteCount: 4)
    func tensor(_ name: String, _ shape: [Int]) -> OutgoingTensor {
      OutgoingTensor(name, shape, f32, bytes: four)
    }
    let wrong: [([OutgoingTensor], SVFTError.Kind)] = [
      ([tensor("w", [1]), tensor("w", [1])], .invalidArgument),
      ([tensor("", [1])], .invalidArgument),
      ([tensor("w", [-1])], .shape), ([tensor("w", [1 << 40, 1 << 40])], .limit),
    ]
    for (tensors, kind) in wrong {
      let error = #expect(throws: SVFTError.self) { try SafetensorsWriter.write(path, tensors) }
      #expect(error?.kind == kind, "\(error?.message ?? "")")
      #expect(try FileSystem.kind(path) == nil)
    }
  }
}
