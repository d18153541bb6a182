// A grid of four values by 9 bits: where points, signs and scales stand.
import SVFTTensor
import Testing

@Suite struct IQ3_STests {
  @Test func ninthBitsOfPointsStandApart() {
    var block = BlockByHand(IQ3_S())
    block.set(0, half: 1)
    block.set(2 + 9, 0xff)
    block.set(66 + 1, 1 << 1)  // point 511 at values 36..<40
    block.set(74 + 4, 0x10)
    block.set(106, 0x30)  // values 32..<64: scale 3
    let values = block.values
    #expect(values[32] == 7)
    #expect(values[36] < 0 && values[37] > 0)
    #expect(values[0] == 1)
  }
}
