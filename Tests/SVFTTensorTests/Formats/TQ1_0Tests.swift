// Three numbers to base 3: digits behind a point.
import SVFTTensor
import Testing

@Suite struct TQ1_0Tests {
  @Test func fiveDigitsShareAByte() {
    var values = [Float](repeating: -4, count: 256)
    values[0] = 4
    values[32] = 0
    values[160 + 64] = 4
    values[240 + 12] = 4
    let bytes = encode(values, TQ1_0())
    #expect(bytes[0] == UInt8((2 * 81 + 27) * 256 / 243 + 1))
    #expect(bytes[32] == 3)  // ceil(2 · 256 / 243)
    #expect(bytes[48] == 7)  // ceil(2 · 3 · 256 / 243)
    #expect(Array(bytes[52...]) == [0x00, 0x44])
    #expect(decode(bytes, 256, TQ1_0()) == values)
  }
}
