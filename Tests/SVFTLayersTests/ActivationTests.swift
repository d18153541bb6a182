// Activations and gates on numbers whose values are known; slopes are under the gradient contract.
import SVFTLayers
import SVFTTensor
import Testing

struct ActivationTests {
  /// f(1), from the definitions with 12 digits.
  static let atOne: [(ActivationFunction, Float)] = [
    (.silu, 0.731058578630), (.gelu, 0.841344746069), (.geluTanh, 0.841191990608),
    (.relu, 1), (.tanh, 0.761594155956), (.sigmoid, 0.731058578630),
    (.quickGelu, 0.845795765933), (.squaredRelu, 1), (.mish, 0.865098388267),
  ]

  @Test(arguments: atOne)
  func knownValues(_ function: ActivationFunction, _ expected: Float) throws {
    let y = try Replay.output(lengths: [2], [(1, [1, 0])]) { $0.activation($1[0], function) }
    #expect(abs(y[0] - expected) < 2e-7)
    #expect(y[1] == (function == .sigmoid ? 0.5 : 0))
  }

  @Test func everyFunctionIsAmongThem() {
    #expect(Set(Self.atOne.map(\.0)) == Set(ActivationFunction.allCases))
  }

  @Test(arguments: ActivationFunction.allCases)
  func aGateIsTheActivationTimesUp(_ function: ActivationFunction) throws {
    let (gate, up) = (Replay.numbers(3 * 1111, "gate"), Replay.numbers(3 * 1111, "up"))
    let gated = try Replay.output(lengths: [3], [(1111, gate), (1111, up)]) {
      $0.gated($1[0], $1[1], function)
    }
    let plain = try Replay.output(lengths: [3], [(1111, gate)]) { $0.activation($1[0], function) }
    #expect(gated == zip(plain, up).map(*))
  }
}
