// Uneven steps in long blocks: where scales stand.
import SVFTTensor
import Testing

@Suite struct IQ4_XSTests {
  @Test func aScaleLiesInTwoPlaces() {
    var block = BlockByHand(IQ4_XS())
    block.set(0, half: 1)
    block.set(3, 0b11 << 2)  // upper bits of scale 5
    block.set(4 + 2, 0x40)  // its low half
    block.set(8 + 5 * 16 + 2, 0x80)  // value 16 + 2 of group 5: point 8
    let values = block.values
    #expect(values[5 * 32 + 18] == (48 + 4 - 32) * 1)
    #expect(values[5 * 32] == 20 * -127)
    #expect(values[0] == -32 * -127)
  }
}
