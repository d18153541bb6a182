// Four bits: where codes, scales and mins of a block stand.
import SVFTTensor
import Testing

@Suite struct Q4_KTests {
  @Test func scalesAndMinsOfTheFirstFourGroupsAreLowBits() {
    var block = BlockByHand(Q4_K())
    block.set(0, half: 2)
    block.set(2, half: 0.5)
    block.set(4 + 1, 5)
    block.set(8 + 1, 6)
    block.set(16 + 7, 0x30)  // high half: value 7 of group 1
    var expected = [Int: Float](uniqueKeysWithValues: (32..<64).map { ($0, -3) })
    expected[32 + 7] = 2 * 5 * 3 - 3
    #expect(block.values(otherThan: 0) == expected)
  }

  @Test func thoseOfTheLastFourAreInTwoPlaces() {
    var block = BlockByHand(Q4_K())
    block.set(0, half: 1)
    block.set(2, half: 1)
    block.set(4 + 2, 0b10 << 6)  // upper bits of scale 6
    block.set(8 + 2, 0b01 << 6)  // and of min 6
    block.set(12 + 2, 0x94)  // lower halves of both
    block.set(16 + 96, 0x02)  // value 0 of group 6
    #expect(block.values[192] == (32 + 4) * 2 - (16 + 9))
    #expect(block.values[193] == -25)
  }
}
