// Five bits: where fifth bits of a block stand.
import SVFTTensor
import Testing

@Suite struct Q5_KTests {
  @Test func fifthBitsOfAGroupAreOneBitOfEachByte() {
    var block = BlockByHand(Q5_K())
    block.set(0, half: 1)
    block.set(4, 1, 1, 1, 1)
    block.set(12, 1, 1, 1, 1)
    block.set(16 + 9, 1 << 3)  // value 9 of group 3
    block.set(48 + 32 + 9, 0x50)
    #expect(block.values(otherThan: 0) == [3 * 32 + 9: 21])
  }
}
