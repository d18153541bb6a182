// Three numbers, two bits each.
import SVFTTensor
import Testing

@Suite struct TQ2_0Tests {
  @Test func ofEach32BytesPairsOfBitsAreFourGroups() {
    var values = [Float](repeating: -4, count: 256)
    values[128 + 32 + 7] = 4
    values[128 + 96 + 7] = 0.1
    let bytes = encode(values, TQ2_0())
    #expect(bytes[32 + 7] == 0b01_00_10_00)
    values[128 + 96 + 7] = 0
    #expect(decode(bytes, 256, TQ2_0()) == values)
  }
}
