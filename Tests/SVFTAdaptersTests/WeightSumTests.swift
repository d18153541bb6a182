// Rows times a matrix in every element format, against sums in float64.
import SVFTAdapters
import SVFTLayers
import SVFTTensor
import TestKit
import Testing

@Suite struct WeightSumTests {
  @Test(arguments: ElementFormats.small.map(\.name))
  func rowsTimesTheMatrixAreAdded(name: String) throws {
    let format = try #require(ElementFormats.named(name))
    let model = try TinyChain(format)
    let weight = model.wide.weight.weight  // [24, 32]
    var dense = [Float](repeating: 0, count: 24 * 32)
    weight.decode(rows: 0..<24, into: &dense)
    var g = (0..<3 * 24).map { Float($0 % 7) - 3 }
    var sums = [Float](repeating: 1, count: 3 * 32)
    try g.withUnsafeMutableBufferPointer { rows in
      try weight.addTransposed(rows, tokens: 3, to: &sums)
    }
    for t in 0..<3 {
      for k in 0..<32 {
        let expected = (0..<24).reduce(1.0) {
          $0 + Double(g[t * 24 + $1]) * Double(dense[$1 * 32 + k])
        }
        #expect(abs(expected - Double(sums[t * 32 + k])) < 1e-4)
      }
    }
  }
}
