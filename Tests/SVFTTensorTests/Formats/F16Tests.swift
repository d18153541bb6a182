// Half precision against Swift's own Float16, code by code.
import SVFTTensor
import Testing

@Suite struct F16Tests {
  private static let codes = [UInt16](0...UInt16.max)

  @Test(arguments: Kernels.instructionSets)
  func everyCodeDecodesAsFloat16(_ set: Kernels.InstructionSet) {
    var values = [Float](repeating: 0, count: Self.codes.count)
    Kernels.with(set) { F16().decode(Self.codes, count: values.count, into: &values) }
    for code in Self.codes {
      let expected = Float(Float16(bitPattern: code))
      let found = values[Int(code)]
      if expected.isNaN {
        #expect(found.isNaN)
      } else {
        #expect(found.bitPattern == expected.bitPattern, "code \(code)")
      }
    }
  }

  /// Values on, just beside and halfway between neighbouring codes: all cases of rounding.
  @Test(arguments: Kernels.instructionSets)
  func valuesAroundEveryCodeRoundToNearestEven(_ set: Kernels.InstructionSet) {
    var values: [Float] = []
    for code in 0..<UInt16(0x7c00) {
      let low = Float(Float16(bitPattern: code))
      let high = code == 0x7bff ? 65536 : Float(Float16(bitPattern: code + 1))
      let middle = low + (high - low) / 2
      values += [low, low.nextUp, middle.nextDown, middle, middle.nextUp]
    }
    values += values.map { -$0 } + [.infinity, -.infinity, 1e30, 1e-30]
    var found = [UInt16](repeating: 0, count: values.count)
    Kernels.with(set) {
      found.withUnsafeMutableBytes { bytes in
        guard let target = bytes.baseAddress else { return }
        F16().encode(values, count: values.count, into: target)
      }
    }
    let expected = values.map { Float16($0).bitPattern }
    #expect(found == expected)
  }

  @Test func notANumberStaysOne() {
    let bytes = encode([.nan, -.nan, .signalingNaN], F16())
    #expect(decode(bytes, 3, F16()).allSatisfy { $0.isNaN })
  }
}
