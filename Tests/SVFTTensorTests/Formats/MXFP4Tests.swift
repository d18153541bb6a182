// Floats of four bits: points, exponents, nearest points.
import SVFTTensor
import Testing

@Suite struct MXFP4Tests {
  @Test func codesStandForPointsTimesAPowerOfTwo() {
    var block = BlockByHand(MXFP4())
    block.set(0, 128)
    for code in 0..<16 { block.set(1 + code, UInt8(code)) }
    let points: [Float] = [0, 1, 2, 3, 4, 6, 8, 12]
    #expect(Array(block.values.prefix(8)) == points)
    #expect(Array(block.values[8..<16]) == points.map { -$0 })
    let values = block.values
    #expect(decode(encode(values, MXFP4()), 32, MXFP4()) == values)
  }

  @Test func theLowestExponentsAreSubnormal() {
    for (exponent, value) in [(0, 0x1p-128), (1, 0x1p-127), (2, 0x1p-126)] as [(UInt8, Float)] {
      var block = BlockByHand(MXFP4())
      block.set(0, exponent, 1)
      #expect(block.values[0] == value)
    }
  }

  @Test func theSmallestNumbersHaveTheLowestExponent() {
    let values = [Float](repeating: 0x1p-140, count: 32)
    #expect(encode(values, MXFP4()) == [UInt8](repeating: 0, count: 17))
  }
}
