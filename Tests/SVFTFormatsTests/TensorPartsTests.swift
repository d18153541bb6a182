// Models written in several files: what each holds, how it is called, and that they are read as
// one.
import Foundation
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct TensorPartsTests {
  /// Five tensors of 40, 40, 200, 8 and 40 bytes.
  private func tensors() throws -> [OutgoingTensor] {
    try [10, 10, 50, 2, 10].enumerated().map { number, count in
      let bytes = try Buffer(of: Float.self, count: count)
      for index in 0..<count { bytes.values(Float.self)[index] = Float(100 * number + index) }
      return OutgoingTensor("t\(number)", [count], try StoredType.named("F32"), bytes: bytes)
    }
  }

  private func check(_ source: any TensorSource) throws {
    #expect(source.names == (0..<5).map { "t\($0)" })
    for (number, tensor) in try tensors().enumerated() {
      #expect(source.entry(tensor.name)?.shape == tensor.shape)
      let bytes = try source.bytes(tensor.name)
      #expect(
        withExtendedLifetime(bytes) { bytes.values(Float.self)[1] } == Float(100 * number + 1))
    }
    #expect(source.entry("t5") == nil && source.origin("t5") == nil)
    #expect(throws: SVFTError.self) { try source.bytes("t5") }
  }

  /// A tensor that is larger than a part is a part of its own.
  @Test(arguments: [(80, 3), (48, 4), (1, 5), (288, 2)])
  func shardsAreNamedAsTransformersNamesThem(_ limit: Int, _ count: Int) throws {
    let folder = try TemporaryFolder()
    try SafetensorsWriter.write(
      folder: folder.path, tensors(), metadata: [("format", "pt")], shardBytes: limit)
    let names = try FileSystem.list(folder.path).filter { $0.hasSuffix(".safetensors") }
    #expect(names.sorted() == (1...count).map { "model-0000\($0)-of-0000\(count).safetensors" })
    let index = try JSON.read(folder.file("model.safetensors.index.json")).root("index")
    #expect(try index.object("metadata").int("total_size") == 328)
    #expect(try index.object("weight_map").string("t0") == names.sorted()[0])
    let source = try SafetensorsIndex(folder.file("model.safetensors.index.json"))
    #expect(source.description.map(\.key) == ["format"])
    try check(source)
  }

  @Test(arguments: [nil, 328, 10_000])
  func whatFitsIntoOneFileIsOne(_ limit: Int?) throws {
    let folder = try TemporaryFolder()
    try SafetensorsWriter.write(folder: folder.path, tensors(), metadata: [], shardBytes: limit)
    #expect(try FileSystem.list(folder.path) == ["model.safetensors"])
    let path = try GGUFWriter.write(
      folder.file("m.gguf"), tensors(), metadata: [], partBytes: limit)
    #expect(path == folder.file("m.gguf"))
    try check(GGUF(path))
  }

  @Test func partsOfAGGUFFileAreNamedAsLlamaCppNamesThem() throws {
    let folder = try TemporaryFolder()
    let path = try GGUFWriter.write(
      folder.file("m.gguf"), tensors(), metadata: [("general.name", .string("whole"))],
      partBytes: 88)
    #expect(path == folder.file("m-00001-of-00003.gguf"))
    let names = (1...3).map { "m-0000\($0)-of-00003.gguf" }
    #expect(try FileSystem.list(folder.path).sorted() == names)
    try check(SplitGGUF(GGUF(path, isPart: true)))
    for (number, name) in names.enumerated() {
      let part = try GGUF(folder.file(name), isPart: true)
      #expect(part.has("general.name") == (number == 0))
      let words = try ["split.no", "split.count", "split.tensors.count"].map { try part.int($0) }
      #expect(words == [number, 3, 5])
      #expect(part.value("split.no").map { "\($0)".contains("uint16") } == true)
    }
  }

  /// Where the last part cannot be made, none is in its place and the old ones stay.
  @Test func partsAppearTogetherOrNotAtAll() throws {
    let folder = try TemporaryFolder()
    try GGUFWriter.write(folder.file("m.gguf"), tensors(), metadata: [], partBytes: 88)
    let before = try (1...3).map {
      try FileSystem.read(folder.file("m-0000\($0)-of-00003.gguf")).array
    }
    var broken = try tensors()
    broken[4] = OutgoingTensor("t4", [10], try StoredType.named("F32")) { (_) throws(SVFTError) in
      throw SVFTError(.nonFinite, "no number")
    }
    broken[0] = OutgoingTensor(
      "t0", [10], try StoredType.named("F32"), bytes: try Buffer(of: Float.self, count: 10))
    #expect(throws: SVFTError.self) {
      try GGUFWriter.write(folder.file("m.gguf"), broken, metadata: [], partBytes: 88)
    }
    let after = try (1...3).map {
      try FileSystem.read(folder.file("m-0000\($0)-of-00003.gguf")).array
    }
    #expect(before == after)
    #expect(try FileSystem.list(folder.path).count == 3)
  }

  @Test func oneNameInTwoShardsIsRefused() throws {
    let folder = try TemporaryFolder()
    var twice = try tensors()
    twice[4] = twice[0]
    #expect(throws: SVFTError.self) {
      try SafetensorsWriter.write(folder: folder.path, twice, metadata: [], shardBytes: 40)
    }
    #expect(throws: SVFTError.self) {
      try GGUFWriter.write(folder.file("m.gguf"), twice, metadata: [], partBytes: 40)
    }
  }

  /// 7 GB in files without contents on the disk: headers alone are read.
  @Test func shardsOfALargeModelAreNotReadWhole() throws {
    let folder = try TemporaryFolder()
    let (shards, tensors, width) = (4, 32, 5120)
    var map = JSON.Object()
    for shard in 0..<shards {
      let size = width * width * 2
      let name = "model-0000\(shard + 1)-of-0000\(shards).safetensors"
      var members: [String] = []
      for tensor in 0..<tensors {
        let key = "layers.\(shard * tensors + tensor).weight"
        map[key] = .string(name)
        members.append(
          "\"\(key)\":{\"dtype\":\"BF16\",\"shape\":[\(width),\(width)],"
            + "\"data_offsets\":[\(tensor * size),\((tensor + 1) * size)]}")
      }
      let head = HostileFiles.safetensors("{" + members.joined(separator: ",") + "}")
      try folder.write(name, head)
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file(name)))
      try file.truncate(atOffset: UInt64(head.count + tensors * size))
      try file.close()
    }
    let index: JSON = ["weight_map": .object(map)]
    try folder.write("model.safetensors.index.json", try index.text(.compact))
    let before = ProcessMemory.resident
    let source = try SafetensorsIndex(folder.file("model.safetensors.index.json"))
    #expect(source.entries.reduce(0) { $0 + $1.byteCount } == shards * tensors * width * width * 2)
    let last = try source.bytes("layers.\(shards * tensors - 1).weight")
    #expect(withExtendedLifetime(last) { last.pointer.load(as: UInt8.self) } == 0)
    #expect(ProcessMemory.resident - before < 64 << 20)
  }
}
