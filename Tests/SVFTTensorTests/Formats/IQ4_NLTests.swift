// Uneven steps: the sixteen points.
import SVFTTensor
import Testing

@Suite struct IQ4_NLTests {
  @Test func codesStandForPoints() {
    var block = BlockByHand(IQ4_NL())
    block.set(0, half: 1)
    for code in 0..<16 { block.set(2 + code, UInt8(code)) }
    let points: [Float] = [
      -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
    ]
    #expect(Array(block.values.prefix(16)) == points)
    #expect(block.values.suffix(16).allSatisfy { $0 == -127 })
    #expect(decode(encode(block.values, IQ4_NL()), 32, IQ4_NL()) == block.values)
  }
}
