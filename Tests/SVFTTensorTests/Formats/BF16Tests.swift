// Brain floats: every code, and rounding of everything between two codes.
import SVFTTensor
import Testing

@Suite struct BF16Tests {
  @Test(arguments: Kernels.instructionSets)
  func everyCodeIsTheUpperHalfOfAFloat(_ set: Kernels.InstructionSet) {
    let codes = [UInt16](0...UInt16.max)
    var values = [Float](repeating: 0, count: codes.count)
    Kernels.with(set) { BF16().decode(codes, count: codes.count, into: &values) }
    #expect(values.map(\.bitPattern) == codes.map { UInt32($0) << 16 })
  }

  @Test(arguments: Kernels.instructionSets)
  func roundingIsToNearestEven(_ set: Kernels.InstructionSet) {
    var values: [Float] = []
    var expected: [UInt16] = []
    for code in stride(from: UInt32(0), to: 0x7f80, by: 3) {
      for low: UInt32 in [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff] {
        values.append(Float(bitPattern: code << 16 | low))
        let up = low > 0x8000 || (low == 0x8000 && code % 2 == 1)
        expected.append(UInt16(code + (up ? 1 : 0)))
      }
    }
    let bytes = Kernels.with(set) { encode(values, BF16()) }
    let found = (0..<values.count).map { UInt16(bytes[2 * $0]) | UInt16(bytes[2 * $0 + 1]) << 8 }
    #expect(found == expected)
  }

  @Test func notANumberStaysOne() {
    let values: [Float] = [.nan, -.nan, Float(bitPattern: 0x7f80_0001)]
    #expect(decode(encode(values, BF16()), 3, BF16()).allSatisfy { $0.isNaN })
  }
}
