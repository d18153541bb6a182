// Five bits and a least value: fifth bits apart, both ends met.
import SVFTTensor
import Testing

@Suite struct Q5_1Tests {
  @Test func bothEndsOfABlockAreMet() {
    var values = [Float](repeating: 3, count: 32)
    values[0] = 2  // m, code 0
    values[17] = 33  // the largest: d = 1, code 31
    let bytes = encode(values, Q5_1())
    #expect(Array(bytes.prefix(4)) == [0x00, 0x3c, 0x00, 0x40])
    #expect(Array(bytes[4..<8]) == [0x00, 0x00, 0x02, 0x00])
    #expect(bytes[8] == 0x10 && bytes[9] == 0xf1)
    #expect(decode(bytes, 32, Q5_1()) == values)
  }
}
