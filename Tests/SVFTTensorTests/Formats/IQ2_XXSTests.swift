// A grid by 8 bits: where points, signs and scales stand.
import SVFTTensor
import Testing

@Suite struct IQ2_XXSTests {
  @Test func signsAndScaleShareAWord() {
    var block = BlockByHand(IQ2_XXS())
    block.set(0, half: 8)
    block.set(2 + 8 + 1, 1)  // group 1: its second point is number 1: coordinate 0 is 43
    block.set(2 + 8 + 4, 0x80, 0x00, 0x00, 0x20)  // signs 1 of it, scale 2
    let values = block.values
    #expect(values[32] == 5 * 8)
    #expect(values[40] == -5 * 43)
    #expect(values[47] == -5 * 8)  // the eighth sign makes them even
    #expect(values[0] == 8)
  }
}
