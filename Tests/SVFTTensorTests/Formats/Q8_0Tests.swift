// Eight bits: the layout by hand, the error bound, and blocks that have no scale.
import SVFTTensor
import TestKit
import Testing

@Suite struct Q8_0Tests {
  @Test func aBlockIsScaleThenCodes() {
    let values = (0..<32).map { Float($0) * 127 / 31 }
    let bytes = encode(values, Q8_0())
    #expect(bytes.count == 34)
    #expect(Array(bytes.prefix(2)) == [0x00, 0x3c])  // 1 in half precision
    #expect(bytes[2 + 31] == 127)
    #expect(bytes[2 + 16] == 66)  // 65.55 to nearest
  }

  @Test func noValueMovesByMoreThanHalfAStep() {
    var numbers = TestNumbers(seed: 1)
    let values = numbers.array(32 * 50)
    let found = decode(encode(values, Q8_0()), values.count, Q8_0())
    for (block, start) in stride(from: 0, to: values.count, by: 32).enumerated() {
      let step = values[start..<start + 32].map(abs).max().map { $0 / 127 } ?? 0
      for i in start..<start + 32 {
        // Rounding the scale to half precision moves the largest code by 127 · 2^-11 steps.
        #expect(abs(found[i] - values[i]) <= step * 0.57, "block \(block)")
      }
    }
  }

  @Test func zerosAndNotANumbersDoNotTrap() {
    #expect(
      decode(encode([Float](repeating: 0, count: 32), Q8_0()), 32, Q8_0()).allSatisfy { $0 == 0 })
    var values = [Float](repeating: 1, count: 32)
    values[3] = .nan
    #expect(encode(values, Q8_0()).count == 34)
  }

  @Test(arguments: [0, 5, 31], [Float.nan, .infinity, -.infinity, 1e38])
  func whatIsNoNumberStaysNone(_ place: Int, _ value: Float) {
    for set in Kernels.instructionSets {
      Kernels.with(set) {
        var values = [Float](repeating: 1, count: 64)
        values[place] = value
        let found = decode(encode(values, Q8_0()), 64, Q8_0())
        #expect(found.prefix(32).contains { !$0.isFinite })
        #expect(found.suffix(32).allSatisfy { $0.isFinite })
      }
    }
  }
}
