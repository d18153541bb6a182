// A grid by 9 bits: where points, signs and scales stand.
import SVFTTensor
import Testing

@Suite struct IQ2_XSTests {
  @Test func aPointAndItsSignsShare16Bits() {
    var block = BlockByHand(IQ2_XS())
    block.set(0, half: 8)
    block.set(2 + 2 * 3, 0x01, 0x02)  // values 24..<32: point 1, sign of the first and the last
    block.set(66, 0x30)  // values 16..<32: scale 3
    let values = block.values
    #expect(values[24] == -7 * 43)
    #expect(values[31] == -7 * 8)
    #expect(values[16] == 7 * 8)
    #expect(values[0] == 8)
  }
}
