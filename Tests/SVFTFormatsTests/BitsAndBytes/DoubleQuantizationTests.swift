// Scales in eight bits: the map of dynamic quantisation, and what coming back costs.
import SVFTFormats
import SVFTTensor
import TestKit
import Testing

@Suite struct DoubleQuantizationTests {
  @Test func theMapIsThatOfBitsandbytes() throws {
    let golden = try FamilyFixture(name: "nested", kind: "fourbits").golden().values("map")
    let map = DoubleQuantization.map
    #expect(map.count == 256 && map == map.sorted() && map.contains(0) && map.last == 1)
    for (found, expected) in zip(map, golden) {
      #expect(abs(found - expected) <= 1e-6 * abs(expected))
    }
  }

  @Test(arguments: [1, 255, 256, 257, 1000])
  func scalesComeBackNearly(_ count: Int) throws {
    var numbers = TestNumbers(seed: count)
    let scales = try Buffer(of: Float.self, count: count)
    let values = scales.values(Float.self)
    for place in values.indices { values[place] = 2 + numbers.next() }
    let before = Array(values)
    let codes = try Buffer(byteCount: count)
    let found = DoubleQuantization.encode(values, into: codes.values())
    #expect(found.nested.count == (count + 255) / 256)
    #expect(abs(found.offset - before.reduce(0, +) / Float(count)) < 1e-5)
    DoubleQuantization.decode(
      codes.bytes, map: DoubleQuantization.map, nested: found.nested,
      blockLength: DoubleQuantization.blockLength, offset: found.offset, into: values)
    // Neighbours of the map lie 0.0071 apart at most, but for the last two.
    for (place, old) in before.enumerated() { #expect(abs(values[place] - old) < 0.008) }
    withExtendedLifetime((scales, codes)) {}
  }

  @Test func equalScalesHaveNoError() throws {
    let scales = try Buffer(of: Float.self, count: 3)
    let codes = try Buffer(byteCount: 3)
    let values = scales.values(Float.self)
    for place in 0..<3 { values[place] = 0.5 }
    let found = DoubleQuantization.encode(values, into: codes.values())
    #expect(found.nested == [0] && found.offset == 0.5)
    withExtendedLifetime((scales, codes)) {}
  }
}
