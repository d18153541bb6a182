// Four bits: halves of bytes, the sign of the scale, the error bound.
import SVFTTensor
import TestKit
import Testing

@Suite struct Q4_0Tests {
  @Test func valueJAndValueJPlus16ShareAByte() {
    var values = [Float](repeating: 0, count: 32)
    values[0] = -8  // the extreme: scale 1, code 0
    values[16] = 3
    values[1] = 7
    let bytes = encode(values, Q4_0())
    #expect(bytes.count == 18)
    #expect(Array(bytes.prefix(2)) == [0x00, 0x3c])
    #expect(bytes[2] == 0xb0)  // low half: 0, high half: 3 + 8
    #expect(bytes[3] == 0x8f)  // low half: 7 + 8, high half: 0 + 8
    #expect(decode(bytes, 32, Q4_0()) == values)
  }

  @Test func aPositiveExtremeHasANegativeScale() {
    var values = [Float](repeating: 0, count: 32)
    values[5] = 8
    #expect(decode(encode(values, Q4_0()), 32, Q4_0()) == values)
  }

  @Test func noValueMovesByMoreThanAStep() {
    var numbers = TestNumbers(seed: 2)
    let values = numbers.array(32 * 50)
    let found = decode(encode(values, Q4_0()), values.count, Q4_0())
    for start in stride(from: 0, to: values.count, by: 32) {
      let step = values[start..<start + 32].map(abs).max().map { $0 / 8 } ?? 0
      for i in start..<start + 32 { #expect(abs(found[i] - values[i]) <= step * 1.01) }
    }
  }

  @Test(arguments: [0, 5, 31], [Float.nan, .infinity, -.infinity, 1e38])
  func whatIsNoNumberStaysNone(_ place: Int, _ value: Float) {
    for set in Kernels.instructionSets {
      Kernels.with(set) {
        var values = [Float](repeating: 1, count: 64)
        values[place] = value
        let found = decode(encode(values, Q4_0()), 64, Q4_0())
        #expect(found.prefix(32).contains { !$0.isFinite })
        #expect(found.suffix(32).allSatisfy { $0.isFinite })
      }
    }
  }
}
