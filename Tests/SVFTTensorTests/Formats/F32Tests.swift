// Single precision is stored as it is, whatever its bits.
import SVFTTensor
import Testing

@Suite struct F32Tests {
  @Test func everyBitSurvives() {
    let values: [Float] = [0, -0.0, .leastNonzeroMagnitude, .infinity, 1 / 3, .nan]
    let found = decode(encode(values, F32()), values.count, F32())
    #expect(found.map(\.bitPattern) == values.map(\.bitPattern))
  }
}
