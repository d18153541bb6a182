// The blocks of a T5: which have a table of distances, and which buckets distances fall into.
import SVFTFormats
import SVFTLayers
import SVFTModels
import SVFTTensor
import TestKit
import Testing

struct T5LayerTests {
  @Test func tablesLieWhereTheFamilyHasThem() throws {
    func tables(_ name: String) throws -> Int {
      let model = try Checkpoint(FamilyFixture(name: name, kind: "answers").folder).load()
      return model.slots.count { $0.name.hasSuffix("relative_attention_bias.weight") }
    }
    #expect(try tables("t5") == 2)
    #expect(try tables("umt5") == 4)
    #expect(try tables("t5-encoder") == 1)
  }

  @Test func distancesFallIntoTheBucketsOfTransformers() throws {
    let path = SharedData.packageRoot + "/Tests/Fixtures/answers/distances.safetensors"
    let file = try Safetensors(path)
    #expect(file.names.count == 10)
    for name in file.names {
      let parts = name.split(separator: ".")
      let (buckets, farthest) = try (#require(Int(parts[0])), #require(Int(parts[1])))
      let table = try Slot(
        name: "table",
        weight: Weight(
          format: ElementFormats.required("f32"), rows: buckets, columns: 2,
          bytes: Buffer(of: Float.self, count: 2 * buckets)), shape: [buckets, 2])
      let bias = try RelativeBias(
        table, farthest: farthest, isBidirectional: parts[2] == "both")
      let bytes = try file.bytes(name)
      withExtendedLifetime(bytes) {
        for (index, difference) in (-700...700).enumerated() {
          let expected = bytes.pointer.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self)
          #expect(bias.bucket(difference) == Int(expected), "\(name), \(difference)")
        }
      }
    }
  }
}
