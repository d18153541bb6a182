// GGUF: what is read, typed metadata, and every claim of a header that must be refused.
import Foundation
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct GGUFTests {
  @Test func aCorrectFileIsRead() throws {
    let file = try open(HostileFiles.validGGUF)
    #expect(file.names == ["w", "q", "v"])
    #expect(try file.require("w").shape == [2, 4])
    #expect(try file.require("q").type.name == "Q8_0")
    #expect(try file.bytes("w").array == (0..<32).map { UInt8($0) })
    #expect(try file.bytes("v").array == (96..<128).map { UInt8($0) })
    #expect(try file.string("general.architecture") == "llama")
    #expect(try file.int("a.u32") == 7)
    #expect(try file.int("a.i8") == -2)
    #expect(try file.double("a.f32") == 0.5)
    #expect(try file.double("a.u64") == 0x1p64)
    #expect(try file.bool("a.bool"))
    #expect(try file.strings("a.strings") == ["x", "é"])
    #expect(try file.ints("a.ints") == [1, -2, 3])
    #expect(try file.floats("a.floats") == [-1.5])
    #expect(try file.int("absent", default: 3) == 3)
    #expect(file.description.first { $0.key == "a.strings" }?.value == "[2 × string]")
  }

  @Test func wrongTypesNameTheKey() throws {
    let file = try open(HostileFiles.validGGUF)
    let wrong: [() throws -> Any] = [
      { try file.int("a.f32") }, { try file.int("a.u64") }, { try file.string("a.u32") },
      { try file.bool("a.u32") }, { try file.double("a.bool") }, { try file.strings("a.ints") },
      { try file.floats("a.ints") }, { try file.ints("a.floats") }, { try file.ints("a.u32") },
      { try file.string("absent") }, { try file.ints("a.bools") },
    ]
    for (number, body) in wrong.enumerated() {
      let error = #expect(throws: SVFTError.self) { _ = try body() }
      #expect(
        error?.kind == .format && error?.message.contains("metadata \"a") == true, "\(number)")
    }
  }

  @Test func everyPrefixIsTruncated() throws {
    let whole = HostileFiles.validGGUF
    for count in whole.indices {
      #expect(kind(of: Array(whole[..<count])) == .truncated, "\(count) bytes")
    }
  }

  @Test func mutatedFilesAreErrorsOrHarmless() throws {
    var harmless = 0
    try HostileFiles.mutations(of: HostileFiles.validGGUF) { (variant, place) throws in
      guard let file = try? open(variant) else { return }
      harmless += 1
      for entry in file.entries {
        #expect(try file.bytes(entry.name).byteCount == entry.byteCount, "byte \(place)")
      }
      for (key, _) in file.metadata {
        _ = try? file.strings(key)
        _ = try? file.ints(key)
        _ = try? file.floats(key)
      }
    }
    #expect(harmless > 128 * 4)
  }

  static let hostile: [(String, [UInt8], SVFTError.Kind)] = {
    typealias H = HostileFiles
    func array(_ type: UInt32, _ count: UInt64, _ data: [UInt8] = []) -> [UInt8] {
      H.gguf(metadata: [H.ggufEntry("a", 9, H.bytes(type) + H.bytes(count) + data)])
    }
    func tensor(_ dimensions: [UInt64], type: UInt32 = 0, data: Int = 128) -> [UInt8] {
      H.gguf(
        tensors: [H.ggufTensor("w", dimensions, type: type)], data: .init(repeating: 0, count: data)
      )
    }
    func alignment(_ type: UInt32, _ value: [UInt8]) -> [UInt8] {
      H.gguf(metadata: [H.ggufEntry("general.alignment", type, value)])
    }
    let pair = [H.ggufTensor("w", [8]), H.ggufTensor("w", [8], offset: 32)]
    let long = String(repeating: "n", count: 64)
    return [
      ("version 0", H.gguf(version: 0), .unsupported),
      ("version 1", H.gguf(version: 1), .unsupported),
      ("version 4", H.gguf(version: 4), .unsupported),
      ("big-endian", H.gguf(version: 3 << 24), .unsupported),
      ("2^63 tensors", H.gguf(tensorCount: 1 << 63), .limit),
      ("2^63 entries", H.gguf(metadataCount: 1 << 63), .limit),
      ("60000 entries in no bytes", H.gguf(metadataCount: 60_000), .truncated),
      ("empty key", H.gguf(metadata: [H.ggufEntry("", 7, [1])]), .format),
      (
        "key of 2^60", H.gguf(metadata: [H.ggufString("a", length: 1 << 60) + [0, 0, 0, 0, 0]]),
        .limit
      ),
      (
        "key of 1000", H.gguf(metadata: [H.ggufString("a", length: 1000) + [0, 0, 0, 0, 0]]),
        .truncated
      ),
      (
        "key twice", H.gguf(metadata: [H.ggufEntry("a", 7, [1]), H.ggufEntry("a", 7, [1])]), .format
      ),
      ("type 13", H.gguf(metadata: [H.ggufEntry("a", 13, [0])]), .unsupported),
      ("bool 2", H.gguf(metadata: [H.ggufEntry("a", 7, [2])]), .format),
      ("string of 2^63", H.gguf(metadata: [H.ggufEntry("a", 8, H.bytes(UInt64(1) << 63))]), .limit),
      ("nested array", array(9, 1, [0, 0, 0, 0]), .unsupported),
      ("array of type 77", array(77, 1), .unsupported),
      ("array of 2^61", array(10, 1 << 61), .limit), ("array of 4000", array(10, 4000), .truncated),
      ("strings without bytes", array(8, 4_000_000), .truncated),
      ("bools of 2", array(7, 2, [1, 2]), .format),
      ("string not UTF-8", array(8, 1, H.bytes(UInt64(1)) + [0xFF]), .format),
      ("alignment 0", alignment(4, H.bytes(UInt32(0))), .format),
      ("alignment 3", alignment(4, H.bytes(UInt32(3))), .format),
      ("alignment 2^31", alignment(4, H.bytes(UInt32(1) << 31)), .format),
      ("alignment as u64", alignment(10, H.bytes(UInt64(32))), .format),
      ("alignment as string", alignment(8, H.ggufString("32")), .format),
      ("no dimensions", tensor([]), .format),
      ("five dimensions", tensor([1, 1, 1, 1, 1]), .format),
      ("dimension 0", tensor([0, 4]), .format), ("dimension -1", tensor([.max]), .limit),
      ("2^62 elements", tensor([1 << 62]), .limit),
      ("product beyond 64 bits", tensor([1 << 32, 1 << 32, 4]), .limit),
      ("row no whole blocks", tensor([33, 2], type: 8), .format),
      ("removed type 4", tensor([32], type: 4), .unsupported),
      ("unknown type 999", tensor([32], type: 999), .unsupported),
      ("data short", tensor([33], data: 131), .truncated),
      ("data long", tensor([32], data: 160), .format),
      ("name twice", H.gguf(tensors: pair, data: .init(repeating: 0, count: 64)), .format),
      (
        "empty name",
        H.gguf(tensors: [H.ggufTensor("", [8])], data: .init(repeating: 0, count: 32)),
        .format
      ),
      (
        "name of 64",
        H.gguf(tensors: [H.ggufTensor(long, [8])], data: .init(repeating: 0, count: 32)),
        .limit
      ),
      (
        "offset not aligned",
        H.gguf(
          tensors: [H.ggufTensor("w", [8], offset: 8)], data: .init(repeating: 0, count: 64)),
        .format
      ),
      ("offset 2^63", H.gguf(tensors: [H.ggufTensor("w", [8], offset: 1 << 63)]), .limit),
      ("offset 2^62", H.gguf(tensors: [H.ggufTensor("w", [8], offset: 1 << 62)]), .format),
      (
        "overlap",
        H.gguf(
          tensors: [H.ggufTensor("w", [16]), H.ggufTensor("v", [16], offset: 32)],
          data: .init(repeating: 0, count: 96)), .format
      ),
      (
        "hole",
        H.gguf(
          tensors: [H.ggufTensor("w", [8]), H.ggufTensor("v", [8], offset: 64)],
          data: .init(repeating: 0, count: 96)), .format
      ),
      ("split", H.gguf(metadata: [H.ggufEntry("split.count", 2, [3, 0])]), .unsupported),
      ("magic", Array("GGML".utf8) + .init(repeating: 0, count: 28), .format),
    ]
  }()

  @Test(arguments: hostile.map(\.0))
  func falseClaimsAreRefused(_ name: String) throws {
    let (_, bytes, expected) = try #require(Self.hostile.first { $0.0 == name })
    #expect(kind(of: bytes) == expected)
  }

  @Test func version2IsReadLikeVersion3() throws {
    var bytes = HostileFiles.validGGUF
    bytes[4] = 2
    #expect(try open(bytes).names == ["w", "q", "v"])
  }

  @Test(.enabled(if: SharedData.isPresent, "shared data is absent"))
  func theMalformedCollectionGetsItsVerdicts() throws {
    let manifest = try JSON.read(SharedData.path("malformed/manifest.json")).root("manifest")
    let cases = try manifest.object("gguf")
    #expect(cases.count >= 40)
    for name in cases.keys {
      let accept = try cases.object(name).string("ours_must") == "accept"
      let path = SharedData.path("malformed/gguf/\(name)")
      #expect(((try? GGUF(path)) != nil) == accept, "\(name)")
    }
  }

  @Test(.enabled(if: SharedData.isPresent, "shared data is absent"))
  func trainedModelsAndVocabulariesAreRead() throws {
    for type in ["f32", "f16", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1"] {
      let file = try GGUF(SharedData.path("stories260K/gguf/stories260K-\(type).gguf"))
      #expect(try file.string("general.architecture") == "llama")
      #expect(try file.require("token_embd.weight").shape == [512, 64])
    }
    let vocabulary = try GGUF(SharedData.path("ggml-vocab/ggml-vocab-gpt-2.gguf"))
    #expect(try vocabulary.strings("tokenizer.ggml.tokens").count == 50_257)
    #expect(vocabulary.names.isEmpty)
  }

  @Test(.enabled(if: SharedData.isPresent, "shared data is absent"))
  func blockSizesAreTheReferences() throws {
    let manifest = try JSON.read(SharedData.path("ggml-quant-golden/manifest.json")).root(
      "manifest")
    #expect(manifest.count >= 25)
    for name in manifest.keys {
      let reference = try manifest.object(name)
      let type = try StoredType.named(name)
      #expect(type.ggufType.map { Int($0) } == (try reference.int("type_id")), "\(name)")
      #expect(type.blockLength == (try reference.int("block_elems")), "\(name)")
      #expect(type.blockBytes == (try reference.int("block_bytes")), "\(name)")
    }
  }

  private func open(_ bytes: [UInt8]) throws -> GGUF {
    try GGUF(MappedFile(named: "f.gguf", contents: Buffer(bytes)))
  }

  private func kind(of bytes: [UInt8]) -> SVFTError.Kind? {
    #expect(throws: SVFTError.self) { try open(bytes) }?.kind
  }
}
