// Norms against Double: forward by the formula, backward by central differences of the formula.
import SVFTTensor
import TestKit
import Testing

@Suite struct KernelsNormsTests {
  /// One row of the norm in Double.
  private static func row(
    _ x: [Double], _ gain: [Double], _ bias: [Double], centred: Bool
  ) -> [Double] {
    let count = Double(x.count)
    let mean = centred ? x.reduce(0, +) / count : 0
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let inverse = 1 / (variance + 1e-5).squareRoot()
    return x.indices.map { (x[$0] - mean) * inverse * gain[$0] + bias[$0] }
  }

  @Test(arguments: [false, true], Kernels.instructionSets)
  func normsAndTheirGradientsAgreeWithDouble(_ centred: Bool, _ set: Kernels.InstructionSet) {
    for width in Array(2...36) + [67, 1000] {
      let rows = 2
      var numbers = TestNumbers(seed: width)
      let x = numbers.array(rows * width)
      let weight = numbers.array(width)
      let bias = numbers.array(width)
      let dy = numbers.array(rows * width)
      var y = x
      var mean = [Float](repeating: 0, count: rows)
      var inverse = mean
      var dx = [Float](repeating: 1, count: rows * width)
      var dweight = [Float](repeating: 1, count: width)
      var dbias = dweight
      weight.withUnsafeBufferPointer { weight in
        let norm = Kernels.Norm(
          rows: rows, width: width, weight: weight.baseAddress, weightOffset: 1, epsilon: 1e-5)
        Kernels.with(set) {
          if centred {
            Kernels.layerNorm(norm, bias: bias, x, into: &y, mean: &mean, inverse: &inverse)
            Kernels.layerNormBackward(
              norm, x, mean: mean, inverse: inverse, dy, into: &dx, dweight: &dweight,
              dbias: &dbias, accumulate: true)
          } else {
            Kernels.rmsNorm(norm, x, into: &y, inverse: &inverse)
            Kernels.rmsNormBackward(
              norm, x, inverse: inverse, dy, into: &dx, dweight: &dweight, accumulate: true)
          }
        }
      }
      let gain = weight.map { Double($0) + 1 }
      let shift = bias.map { centred ? Double($0) : 0 }
      func loss(_ x: [Double], _ gain: [Double], _ row: Int) -> Double {
        zip(Self.row(x, gain, shift, centred: centred), dy[row * width..<(row + 1) * width])
          .reduce(0) { $0 + $1.0 * Double($1.1) }
      }
      for row in 0..<rows {
        let values = x[row * width..<(row + 1) * width].map { Double($0) }
        let expected = Self.row(values, gain, shift, centred: centred)
        for k in 0..<width { #expect(abs(Double(y[row * width + k]) - expected[k]) < 3e-6) }
        for k in stride(from: 0, to: width, by: max(1, width / 11)) {
          let slope = Self.slope(values, k) { loss($0, gain, row) }
          #expect(abs(Double(dx[row * width + k]) - 1 - slope) < 2e-5 * max(1, abs(slope)))
        }
      }
      for k in stride(from: 0, to: width, by: max(1, width / 11)) {
        let slope = (0..<rows).reduce(0.0) { sum, row in
          let values = x[row * width..<(row + 1) * width].map { Double($0) }
          return sum + Self.slope(gain, k) { loss(values, $0, row) }
        }
        #expect(abs(Double(dweight[k]) - 1 - slope) < 2e-5)
        if centred { #expect(abs(dbias[k] - 1 - dy[k] - dy[width + k]) < 1e-5) }
      }
    }
  }

  /// The central difference of `function` at place `k`.
  private static func slope(_ x: [Double], _ k: Int, _ function: ([Double]) -> Double) -> Double {
    var high = x
    var low = x
    high[k] += 1e-6
    low[k] -= 1e-6
    return (function(high) - function(low)) / 2e-6
  }
}
