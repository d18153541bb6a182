// F64 read as F32: to the nearest, whatever its address; other types as they are.
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct RoundedDoublesTests {
  private static let numbers = [0.1, -3, 1e-60, 1e300, .nan, 1 + 0x1p-25]

  /// A file whose data begin at an address that is no multiple of eight, `spaces` further on.
  private func open(_ spaces: Int) throws -> any TensorSource {
    let folder = try TemporaryFolder()
    let header =
      #"{"d":{"dtype":"F64","shape":[2,3],"data_offsets":[0,48]},"#
      + #""h":{"dtype":"F16","shape":[1],"data_offsets":[48,50]}}"#
      + String(repeating: " ", count: spaces)
    let data = Self.numbers.withUnsafeBytes { Array($0) } + [1, 2]
    let path = try folder.write("x", HostileFiles.safetensors(header, data: data))
    return try RoundedDoubles.open(Safetensors(path))
  }

  @Test(arguments: [0, 1, 4]) func doublesAreRounded(_ spaces: Int) throws {
    let source = try open(spaces)
    let entry = try source.require("d")
    #expect(entry.type.name == "F32" && entry.shape == [2, 3] && entry.byteCount == 24)
    let bytes = try source.bytes("d")
    let found = withExtendedLifetime(bytes) { Array(bytes.values(Float.self)) }
    #expect(found.map(\.bitPattern) == Self.numbers.map { Float($0).bitPattern })
    #expect(found[3] == .infinity && found[4].isNaN && found[2] == 0 && found[5] == 1)
  }

  @Test func whatIsNotDoubleStays() throws {
    let source = try open(0)
    #expect(source.names == ["d", "h"] && source.entry("none") == nil)
    #expect(try source.require("h").type.name == "F16")
    #expect(try source.bytes("h").array == [1, 2])
    let folder = try TemporaryFolder()
    let path = try folder.write("x", HostileFiles.validSafetensors)
    #expect(try RoundedDoubles.open(Safetensors(path)) is Safetensors)
  }
}
