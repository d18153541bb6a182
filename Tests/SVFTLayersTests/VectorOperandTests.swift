// Vectors of the checkpoint in every plain format, and where they lie askew in a mapped file.
import SVFTLayers
import SVFTTensor
import Testing

struct VectorOperandTests {
  @Test(arguments: ElementFormats.all.filter { $0.blockLength == 1 }.map(\.name))
  func everyPlainFormatIsRead(_ format: String) throws {
    let format = try #require(ElementFormats.named(format))
    let weight = try Replay.slot("w", [1, 2, -0.5], format: format)
    let bias = try Replay.slot("b", [0.25, 0, 4], format: format)
    let x: [Float] = [1, 2, 3, -1, 0, 1]  // both rows: mean in the middle, deviation √(2/3)
    let added = try Replay.output(lengths: [2], [(3, x)]) { $0.addBias($1[0], bias) }
    #expect(added == [1.25, 2, 7, -0.75, 0, 5])
    let normed = try Replay.output(lengths: [2], [(3, x)]) {
      $0.layerNorm($1[0], weight: weight, bias: bias, epsilon: 0)
    }
    let root = Float(1.5).squareRoot()
    let first = [-root + 0.25, 0, -root / 2 + 4]
    #expect(Replay.distance(normed, first + first) < 1e-6)
  }

  @Test func aVectorThatLiesAskewIsRead() throws {
    let bytes = try Buffer(byteCount: 14)
    let numbers: [Float] = [1, 2, 3]
    UnsafeMutableRawBufferPointer(start: bytes.pointer + 2, count: 12).copyBytes(
      from: numbers.withUnsafeBytes { Array($0) })
    let slot = Slot(
      name: "b",
      weight: try Weight(
        format: ElementFormats.f32, rows: 1, columns: 3,
        bytes: bytes.slice(offset: 2, byteCount: 12)),
      shape: [3])
    let y = try Replay.output(lengths: [1], [(3, [0, 0, 0])]) { $0.addBias($1[0], slot) }
    #expect(y == numbers)
  }
}
