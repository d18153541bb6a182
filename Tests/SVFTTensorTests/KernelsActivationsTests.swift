// Elementwise functions against libm in Double: values to a few units in the last place,
// derivatives against the formula in Double, special values exactly.
import Glibc
import SVFTTensor
import Testing

@Suite struct KernelsActivationsTests {
  private static let points = stride(from: -30.0, through: 30.0, by: 0.00173).map { Float($0) }

  /// f and f' in Double.
  private static func reference(_ function: Kernels.Activation, _ x: Double) -> (Double, Double) {
    let s = 1 / (1 + Glibc.exp(-x))
    switch function {
    case .relu: return (max(0, x), x > 0 ? 1 : 0)
    case .sigmoid: return (s, s * (1 - s))
    case .tanh: return (Glibc.tanh(x), 1 / (cosh(x) * cosh(x)))
    case .silu: return (x * s, s + x * s * (1 - s))
    case .gelu:
      let area = 0.5 * erfc(-x / 2.0.squareRoot())
      return (x * area, area + x * Glibc.exp(-x * x / 2) / (2 * Double.pi).squareRoot())
    case .geluTanh:
      let u = (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
      let t = Glibc.tanh(u)
      let slope = (2 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * x * x)
      return (0.5 * x * (1 + t), 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)
    case .quickGelu:
      let s = 1 / (1 + Glibc.exp(-1.702 * x))
      return (x * s, s + 1.702 * x * s * (1 - s))
    case .squaredRelu: return (max(0, x) * max(0, x), 2 * max(0, x))
    case .mish:
      let t = Glibc.tanh(log1p(Glibc.exp(x)))
      return (x * t, t + x * (1 - t * t) * s)
    }
  }

  @Test(arguments: Kernels.instructionSets)
  func exponentialsAreRightToTheLastPlaces(_ set: Kernels.InstructionSet) {
    let x = stride(from: -87.0, through: 88.7, by: 0.00391).map { Float($0) }
    var y = x
    Kernels.with(set) { Kernels.exp(x, into: &y, count: x.count) }
    let worst = zip(x, y).map { abs(Double($0.1) / Glibc.exp(Double($0.0)) - 1) }.max() ?? 1
    #expect(worst < 1.3e-7)
    Kernels.with(set) { Kernels.exp(x, minus: 0.5, into: &y, count: x.count) }
    let moved = x.map { $0 - 0.5 }
    var expected = moved
    Kernels.with(set) { Kernels.exp(moved, into: &expected, count: x.count) }
    #expect(y == expected)
  }

  @Test(arguments: Kernels.instructionSets)
  func exponentialsOfExtremesAreExact(_ set: Kernels.InstructionSet) {
    let x: [Float] = [0, -0.0, -.infinity, .infinity, 89, -104.1, -1e30, 1e30, .nan, -100]
    var y = x
    Kernels.with(set) { Kernels.exp(x, into: &y, count: x.count) }
    #expect(Array(y[0..<8]) == [1, 1, 0, .infinity, .infinity, 0, 0, .infinity])
    #expect(y[8].isNaN)
    #expect(abs(Double(y[9]) / Glibc.exp(-100) - 1) < 0.02)  // subnormal: few bits are left
  }

  @Test(arguments: Kernels.Activation.allCases, Kernels.instructionSets)
  func valuesAndDerivativesAgreeWithDouble(
    _ function: Kernels.Activation, _ set: Kernels.InstructionSet
  ) {
    let x = Self.points
    var y = x
    var slope = x
    Kernels.with(set) {
      Kernels.apply(function, x, into: &y, count: x.count)
      let ones = [Float](repeating: 1, count: x.count)
      Kernels.applyBackward(function, x, ones, into: &slope, count: x.count, accumulate: false)
    }
    for i in x.indices {
      let (value, derivative) = Self.reference(function, Double(x[i]))
      #expect(abs(Double(y[i]) - value) < 2.5e-7 * max(1, abs(value)), "\(function)(\(x[i]))")
      #expect(abs(Double(slope[i]) - derivative) < 3e-7, "\(function)'(\(x[i]))")
    }
  }

  @Test(arguments: Kernels.Activation.allCases, Kernels.instructionSets)
  func everyTailIsWrittenAndNothingBehindIt(
    _ function: Kernels.Activation, _ set: Kernels.InstructionSet
  ) {
    let x = (0...67).map { Float($0) * 0.09 - 3 }
    for count in 0...67 {
      var y = [Float](repeating: 99, count: 68)
      var dx = [Float](repeating: 1, count: 68)
      Kernels.with(set) {
        Kernels.apply(function, x, into: &y, count: count)
        Kernels.applyBackward(function, x, x, into: &dx, count: count, accumulate: true)
      }
      for i in 0..<count {
        let (value, slope) = Self.reference(function, Double(x[i]))
        #expect(abs(Double(y[i]) - value) < 1e-6)
        #expect(abs(Double(dx[i]) - 1 - Double(x[i]) * slope) < 4e-6)
      }
      #expect(y[count] == 99 && dx[count] == 1)
    }
  }

  @Test(arguments: Kernels.Activation.allCases, Kernels.instructionSets)
  func aGateGoesBackByBothFactors(_ function: Kernels.Activation, _ set: Kernels.InstructionSet) {
    let gate = (0...67).map { Float($0) * 0.19 - 6 }
    let (up, dy) = (gate.map { 2 - $0 }, gate.map { $0 * 0.3 + 1 })
    for count in 0...67 {
      for (adds, begun) in [(false, Float.nan), (true, 1)] {
        var dGate = [Float](repeating: begun, count: 68)
        var dUp = [Float](repeating: begun, count: 68)
        dGate.withUnsafeMutableBufferPointer { a in
          dUp.withUnsafeMutableBufferPointer { b in
            guard let a = a.baseAddress, let b = b.baseAddress else { return }
            Kernels.with(set) {
              Kernels.gateBackward(
                function, gate: gate, up: up, dy, dGate: (a, adds), dUp: (b, false),
                count: count)
            }
          }
        }
        for i in 0..<count {
          let (value, slope) = Self.reference(function, Double(gate[i]))
          let before = adds ? 1.0 : 0
          let expected = Double(dy[i]) * Double(up[i]) * slope + before
          #expect(abs(Double(dGate[i]) - expected) < 3e-6 * max(1, abs(expected)))
          let product = Double(dy[i]) * value
          #expect(abs(Double(dUp[i]) - product) < 3e-6 * max(1, abs(product)))
        }
        // Nothing behind the last is touched.
        #expect(dGate[count].bitPattern == begun.bitPattern)
        #expect(dUp[count].bitPattern == begun.bitPattern)
      }
    }
  }

  @Test(arguments: Kernels.instructionSets)
  func aGateAddsToWhatIsThere(_ set: Kernels.InstructionSet) {
    var dUp = [Float](repeating: 5, count: 19)
    var dGate = dUp
    dGate.withUnsafeMutableBufferPointer { a in
      dUp.withUnsafeMutableBufferPointer { b in
        guard let a = a.baseAddress, let b = b.baseAddress else { return }
        let ones = [Float](repeating: 1, count: 19)
        Kernels.with(set) {
          Kernels.gateBackward(
            .relu, gate: ones, up: ones, ones, dGate: (a, false), dUp: (b, true), count: 19)
        }
      }
    }
    #expect(dGate == [Float](repeating: 1, count: 19))
    #expect(dUp == [Float](repeating: 6, count: 19))
  }
}
