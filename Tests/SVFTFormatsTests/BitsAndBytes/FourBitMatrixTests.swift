// Matrices in several tensors against what bitsandbytes itself decodes (make_fourbits.py).
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct FourBitMatrixTests {
  static let fixtures = ["nested", "plain", "fp4", "turned"].map {
    FamilyFixture(name: $0, kind: "fourbits")
  }

  private func open(_ fixture: FamilyFixture) throws -> BitsAndBytes {
    try BitsAndBytes(Safetensors(fixture.folder + "/model.safetensors"))
  }

  private func values(_ source: any TensorSource, _ name: String) throws -> [Float] {
    let entry = try source.require(name)
    let bytes = try source.bytes(name)
    let format = try #require(entry.format)
    return decode(bytes.array, entry.shape.reduce(1, *), format)
  }

  private func decode(_ bytes: [UInt8], _ count: Int, _ format: any ElementFormat) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    format.decode(bytes, count: count, into: &values)
    return values
  }

  /// Numbers that stay in four bits are those before bitsandbytes rounds them to its type.
  @Test(arguments: fixtures)
  func numbersAreThoseOfBitsandbytes(_ fixture: FamilyFixture) throws {
    let (source, golden) = (try open(fixture), try fixture.golden())
    let type = fixture.name == "plain" ? ElementFormats.f16 : ElementFormats.f32
    let names = golden.names("decoded.")
    #expect(names.count == (fixture.name == "turned" ? 1 : 2))
    for name in names {
      let entry = try source.require(name)
      let isKept = fixture.name != "fp4" && entry.shape[1] % 64 == 0
      #expect(entry.type.name == (isKept ? "NF4" : type.name))
      #expect(source.liesAsMultiplied(name))
      let found = try values(source, name)
      var rounded = [UInt8](repeating: 0, count: found.count * type.blockBytes)
      rounded.withUnsafeMutableBytes { target in
        guard let target = target.baseAddress else { return }
        type.encode(found, count: found.count, into: target)
      }
      #expect(
        decode(rounded, found.count, type) == (try golden.values("decoded." + name)), "\(name)")
    }
  }

  /// Scales here are exact, those of the file perhaps not; codes are the same.
  @Test(arguments: fixtures.filter { $0.name != "fp4" })
  func encodingGivesTheCodesOfBitsandbytes(_ fixture: FamilyFixture) throws {
    let (source, golden) = (try open(fixture), try fixture.golden())
    let format = try #require(ElementFormats.named("NF4"))
    for name in golden.names("original.") where fixture.name != "plain" {
      let numbers = try golden.values("original." + name)
      var blocks = [UInt8](repeating: 0, count: format.rowBytes(numbers.count))
      blocks.withUnsafeMutableBytes { target in
        guard let target = target.baseAddress else { return }
        format.encode(numbers, count: numbers.count, into: target)
      }
      let stored = try source.bytes(name).array
      #expect(blocks.count == stored.count)
      let codes = blocks.indices.filter { $0 % 36 >= 4 }
      #expect(codes.map { blocks[$0] } == codes.map { stored[$0] }, "\(name)")
    }
  }

  @Test func equalOriginsNeedEveryPart() throws {
    let source = try open(Self.fixtures[0])
    let name = try #require(source.names.first { source.liesAsMultiplied($0) })
    let origin = try #require(source.origin(name))
    #expect(origin.contains(name + ".absmax") && origin.contains(name + ".nested_absmax"))
  }
}
