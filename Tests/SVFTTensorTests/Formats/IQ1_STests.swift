// A grid by 11 bits: where points, scales and eighths stand.
import SVFTTensor
import Testing

@Suite struct IQ1_STests {
  @Test func upperBitsScaleAndEighthShare16Bits() {
    var block = BlockByHand(IQ1_S())
    block.set(0, half: 8)
    block.set(2 + 5, 0xff)  // group 1, values 40..<48
    block.set(34 + 2, 0b0011_1000, 0b1010_0000)  // upper bits of its second point, scale 2, minus
    let values = block.values
    #expect(Array(values[40..<48]) == [Float](repeating: 35, count: 8))
    #expect(values[32] == -45)
    #expect(values[0] == -7)
  }
}
