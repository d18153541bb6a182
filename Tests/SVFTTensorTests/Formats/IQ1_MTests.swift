// A grid by 11 bits: where points, scales and eighths stand.
import SVFTTensor
import Testing

@Suite struct IQ1_MTests {
  @Test func theScaleOfABlockLiesInFourPieces() {
    var block = BlockByHand(IQ1_M())
    block.set(48, 0x00, 0x00, 0x00, 0x00, 0x10, 0x80, 0x00, 0x40)  // 0x4800: 8; scale 9 of 16: 2
    block.set(19, 0xff)  // values 152..<160
    block.set(32 + 9, 0xf0)  // upper bits of that point, minus an eighth
    let values = block.values
    #expect(Array(values[152..<160]) == [Float](repeating: 35, count: 8))
    #expect(values[144] == -35)
    #expect(values[0] == -7)
  }
}
