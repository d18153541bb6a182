// A grid of four values by 8 bits: where points, signs and scales stand.
import SVFTTensor
import Testing

@Suite struct IQ3_XXSTests {
  @Test func signsOfTwoPointsAndAScaleShareAWord() {
    var block = BlockByHand(IQ3_XXS())
    block.set(0, half: 4)
    block.set(2 + 8 + 1, 1)  // group 1, values 36..<40: coordinate 0 is 20
    block.set(66 + 4, 0x10, 0x00, 0x00, 0x10)  // sign of the fifth value, scale 1
    let values = block.values
    #expect(values[32] == 3 * 4)
    #expect(values[36] == -3 * 20)
    #expect(values[0] == 4)
  }
}
