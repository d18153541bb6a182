// Floats of four bits with scales of eight: where they stand.
import SVFTTensor
import Testing

@Suite struct NVFP4Tests {
  @Test func aScalePer16ValuesAndHalvesEightApart() {
    var block = BlockByHand(NVFP4())
    block.set(1, 0x40)  // 2, of which half counts
    block.set(4 + 8 + 3, 0xb7)  // values 16 + 3 and 16 + 8 + 3
    #expect(block.values(otherThan: 0) == [19: 12, 27: -3])
  }

  @Test func scalesReachDownToSubnormalOnesAndOneIsZero() {
    for (scale, value) in [(0x01, 0x1p-10), (0x08, 0x1p-7), (0x7e, 224), (0x7f, 0)]
      as [(UInt8, Float)]
    {
      var block = BlockByHand(NVFP4())
      block.set(0, scale)
      block.set(4, 0x01)
      #expect(block.values[0] == value)
    }
  }
}
