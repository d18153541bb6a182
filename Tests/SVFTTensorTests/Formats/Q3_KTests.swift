// Three bits: where codes and scales of a block stand.
import SVFTTensor
import Testing

@Suite struct Q3_KTests {
  @Test func aScaleLiesInThreeBytes() {
    var block = BlockByHand(Q3_K())
    block.set(108, half: 1)
    // Scale 9 of 16: low half above that of scale 1, upper bits in the second byte of four.
    block.set(96 + 1, 0x50)
    block.set(96 + 8 + 1, 0b11 << 4)
    // Every other scale is -32, every code -4.
    let values = block.values
    #expect(values[9 * 16] == (5 + 48 - 32) * -4)
    #expect(values[0] == 128 && values[8 * 16] == 128 && values[10 * 16] == 128)
  }

  @Test func thirdBitsStandFirst() {
    var block = BlockByHand(Q3_K())
    block.set(108, half: 1)
    for place in 96..<104 { block.set(place, 0x11) }
    for place in 104..<108 { block.set(place, 0xaa) }  // all scales 33: one
    block.set(3, 1 << 6)  // value 3 of group 6
    block.set(32 + 32 + 3, 0b10 << 4)
    #expect(block.values(otherThan: -4) == [6 * 32 + 3: 2])
  }
}
