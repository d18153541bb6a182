// A grid by 10 bits: where points, signs and scales stand.
import SVFTTensor
import Testing

@Suite struct IQ2_STests {
  @Test func upperBitsOfPointsStandApart() {
    var block = BlockByHand(IQ2_S())
    block.set(0, half: 8)
    block.set(2 + 5, 0xff)
    block.set(66 + 1, 0b11 << 2)  // point 1023 at values 40..<48: all coordinates 43
    block.set(34 + 5, 0x02)
    block.set(74 + 1, 0x01)
    let values = block.values
    #expect(Array(values[40..<43]) == [129, -129, 129])
    #expect(values[0] == 8)
  }
}
