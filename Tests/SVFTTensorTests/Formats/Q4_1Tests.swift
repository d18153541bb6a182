// Four bits and a least value: halves of bytes, both ends met.
import SVFTTensor
import Testing

@Suite struct Q4_1Tests {
  @Test func bothEndsOfABlockAreMet() {
    var values = [Float](repeating: 3, count: 32)
    values[0] = 2  // m, code 0
    values[17] = 17  // the largest: d = 1, code 15
    let bytes = encode(values, Q4_1())
    #expect(Array(bytes.prefix(4)) == [0x00, 0x3c, 0x00, 0x40])
    #expect(bytes[4] == 0x10 && bytes[5] == 0xf1)
    #expect(decode(bytes, 32, Q4_1()) == values)
  }
}
