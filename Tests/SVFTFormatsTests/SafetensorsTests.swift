// Safetensors: what is read, and every claim of a header that must be refused.
import Foundation
import SVFTFormats
import SVFTTensor
import Testing
import TestKit

@Suite struct SafetensorsTests {
  @Test func aCorrectFileIsRead() throws {
    let file = try open(HostileFiles.validSafetensors)
    #expect(file.names == ["a", "s", "e"])
    #expect(file.metadata.map(\.key) == ["format"])
    let a = try file.require("a")
    #expect(a.shape == [2, 2])
    #expect(a.type.name == "F32")
    #expect(a.byteCount == 16)
    #expect(try file.bytes("a").array == (0..<16).map { UInt8($0) })
    #expect(try file.require("s").shape == [])
    #expect(try file.bytes("s").byteCount == 8)
    #expect(try file.bytes("e").byteCount == 0)
    #expect(file.entry("b") == nil)
    #expect(throws: SVFTError.self) { try file.bytes("b") }
  }

  @Test func everyPrefixIsAnError() throws {
    let whole = HostileFiles.validSafetensors
    for count in whole.indices {
      #expect(kind(of: Array(whole[..<count])) == .truncated, "\(count) bytes")
    }
  }

  @Test func mutatedFilesAreErrorsOrHarmless() throws {
    var harmless = 0
    try HostileFiles.mutations(of: HostileFiles.validSafetensors) { (variant, place) throws in
      guard let file = try? open(variant) else { return }
      harmless += 1
      for entry in file.entries {
        #expect(try file.bytes(entry.name).byteCount == entry.byteCount, "byte \(place)")
      }
    }
    #expect(harmless > 24 * 4)
  }

  @Test(arguments: [
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}x"#, SVFTError.Kind.format),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}"#, .format),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, .format),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}"#, .format),
    (#"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, .format),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, .format),
    (#"{"a":{"dtype":"F32","shape":"1","data_offsets":[0,4]}}"#, .format),
    (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, .limit),
    (#"{"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]}}"#, .limit),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}}"#, .limit),
    (#"{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}"#, .limit),
    (#"{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}"#, .unsupported),
    (#"{"a":{"dtype":32,"shape":[1],"data_offsets":[0,4]}}"#, .format),
    (#"{"a":{"dtype":"F4","shape":[7],"data_offsets":[0,4]}}"#, .format),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, .format),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, .truncated),
    (#"{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}"#, .format),
    (#"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{}}"#, .format),
    (
      #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"#
        + #""b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
      .format
    ),
    (#"{"__metadata__":{"x":1}}"#, .format), (#"{"__metadata__":[]}"#, .format),
    (#"{"a":[]}"#, .format), (#"{}"#, .format), (#"[]"#, .format), (#" {}"#, .format),
    (#"{"a":"#, .format), ("{\"a\":\(String(repeating: "[", count: 99_999))", .limit),
  ])
  func falseClaimsAreRefused(_ header: String, _ expected: SVFTError.Kind) throws {
    #expect(
      kind(of: HostileFiles.safetensors(header, data: [0, 0, 0, 0])) == expected, "\(header)")
  }

  @Test(arguments: [0, 1, 7, 1 << 20, 100_000_001, 1 << 63, UInt64.max])
  func absurdHeaderLengthsAreRefused(_ length: UInt64) {
    let found = kind(of: HostileFiles.safetensors("{}", length: length))
    #expect(found == (length < 2 ? .format : length > 100_000_000 ? .limit : .truncated))
  }

  @Test func messagesNameFileTensorAndFigures() throws {
    let error = #expect(throws: SVFTError.self) {
      try open(HostileFiles.safetensors(#"{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,4]}}"#))
    }
    #expect(
      error?.message.hasSuffix(#"tensor "w": expected 12 bytes for F32 [3], found 4"#) == true)
    #expect(error?.message.hasPrefix("f.safetensors: ") == true)
  }

  @Test(arguments: [
    ("<!DOCTYPE html><html>", "web page"),
    ("version https://git-lfs.github.com/spec/v1", "git-lfs"),
    ("PK\u{3}\u{4}......", "PyTorch"), ("GGUF........", "GGUF"), ("", "empty"),
    ("\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}x", "found something else"),
  ])
  func commonMistakesAreNamed(_ contents: String, _ hint: String) {
    let error = #expect(throws: SVFTError.self) { try open(Array(contents.utf8)) }
    #expect(error?.message.contains(hint) == true, "\(error?.message ?? "")")
  }

  @Test func picturesAreNamedAsSuch() {
    let picture: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]
    let error = #expect(throws: SVFTError.self) { try open(picture) }
    #expect(error?.kind == .format && error?.message.contains("a PNG picture") == true)
  }

  @Test(.enabled(if: SharedData.isPresent, "shared data is absent"))
  func theMalformedCollectionGetsItsVerdicts() throws {
    let manifest = try JSON.read(SharedData.path("malformed/manifest.json")).root("manifest")
    let cases = try manifest.object("safetensors")
    #expect(cases.count >= 25)
    for name in cases.keys {
      let accept = try cases.object(name).string("ours_must") == "accept"
      let path = SharedData.path("malformed/safetensors/\(name)")
      #expect(((try? Safetensors(path)) != nil) == accept, "\(name)")
    }
  }

  @Test(.enabled(if: SharedData.isPresent, "shared data is absent"))
  func aTrainedModelIsRead() throws {
    let file = try Safetensors(SharedData.path("stories260K/hf/model.safetensors"))
    let embedding = try file.require("model.embed_tokens.weight")
    #expect(embedding.shape == [512, 64])
    #expect(try file.bytes("model.embed_tokens.weight").byteCount == 512 * 64 * 4)
  }

  private func open(_ bytes: [UInt8]) throws -> Safetensors {
    try Safetensors(MappedFile(named: "f.safetensors", contents: Buffer(bytes)))
  }

  private func kind(of bytes: [UInt8]) -> SVFTError.Kind? {
    #expect(throws: SVFTError.self) { try open(bytes) }?.kind
  }
}
