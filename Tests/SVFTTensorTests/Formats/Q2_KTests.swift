// Two bits: where codes, scales and mins of a block stand.
import SVFTTensor
import Testing

@Suite struct Q2_KTests {
  @Test func scalesAndMinsAreHalvesOfABytePer16Values() {
    var block = BlockByHand(Q2_K())
    block.set(80, half: 2)
    block.set(82, half: 0.5)
    block.set(1, 0x43)  // values 16..<32: scale 3, min 4
    block.set(16 + 16, 0x02)  // value 16
    var expected = [Int: Float](uniqueKeysWithValues: (16..<32).map { ($0, -2) })
    expected[16] = 2 * 3 * 2 - 2
    #expect(block.values(otherThan: 0) == expected)
  }

  @Test func ofEach32BytesPairsOfBitsAreFourGroups() {
    var block = BlockByHand(Q2_K())
    block.set(80, half: 1)
    for group in 0..<16 { block.set(group, 1) }
    block.set(16 + 32 + 5, 0b11_10_01_00)
    #expect(block.values(otherThan: 0) == [128 + 32 + 5: 1, 128 + 64 + 5: 2, 128 + 96 + 5: 3])
  }
}
