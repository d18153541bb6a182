// Six bits: where codes and scales of a block stand.
import SVFTTensor
import Testing

@Suite struct Q6_KTests {
  @Test func codesLieInTwoPlacesAndScalesHaveASign() {
    var block = BlockByHand(Q6_K())
    block.set(208, half: 0.5)
    block.set(192 + 8 + 6, 0xfe)  // scale 14: -2, of values 224..<240
    block.set(64 + 32 + 4, 0x70)  // second half: high halves of bytes 32... are its last quarter
    block.set(128 + 32 + 4, 0b11 << 6)
    let values = block.values(otherThan: 0)
    #expect(values.count == 16)
    #expect(values[224 + 4] == 0.5 * -2 * (7 + 48 - 32))
    #expect(values[224] == 32)
  }
}
