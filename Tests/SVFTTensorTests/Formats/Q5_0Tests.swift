// Five bits: fifth bits apart, the sign of the scale.
import SVFTTensor
import Testing

@Suite struct Q5_0Tests {
  @Test func fifthBitsStandTogether() {
    var block = BlockByHand(Q5_0())
    block.set(0, half: 2)
    block.set(2, 0x01, 0x00, 0x00, 0x80)  // of values 0 and 31
    block.set(6, 0x03)  // low halves of values 0 and 16
    block.set(21, 0xf0)  // of values 15 and 31
    #expect(block.values(otherThan: -32) == [0: 6, 31: 30])
  }

  @Test func theExtremeIsMetWhateverItsSign() {
    for extreme in [16, -16] as [Float] {
      var values = [Float](repeating: 0, count: 32)
      values[5] = extreme
      #expect(decode(encode(values, Q5_0()), 32, Q5_0()) == values)
    }
  }
}
