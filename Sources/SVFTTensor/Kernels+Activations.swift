// Elementwise functions with their derivatives, each accurate to a few units in the last place
// (polynomials in elementary.h of CKernels).
import CKernels

extension Kernels {
  /// A function of one number, over arrays.
  package enum Activation: CaseIterable, Sendable {
    /// max(0, x); its derivative at 0 is 0.
    case relu
    /// 1 / (1 + e^-x)
    case sigmoid
    /// The hyperbolic tangent.
    case tanh
    /// x·sigmoid(x)
    case silu
    /// x·Φ(x), by the error function.
    case gelu
    /// The tanh form of gelu.
    case geluTanh
    /// x·sigmoid(1.702·x), the first approximation of gelu.
    case quickGelu
    /// max(0, x)²
    case squaredRelu
    /// x·tanh(log(1 + e^x))
    case mish
  }

  /// y[i] = f(x[i]); `y` may be `x`.
  package static func apply(
    _ function: Activation, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    let kernel =
      switch function {
      case .relu: svk_relu
      case .sigmoid: svk_sigmoid
      case .tanh: svk_tanh
      case .silu: svk_silu
      case .gelu: svk_gelu
      case .geluTanh: svk_gelu_tanh
      case .quickGelu: svk_quick_gelu
      case .squaredRelu: svk_squared_relu
      case .mish: svk_mish
      }
    kernel(x, y, Int64(count))
  }

  /// dx[i] (+)= dy[i]·f'(x[i]), from the inputs of the forward; `dx` may be `dy`.
  package static func applyBackward(
    _ function: Activation, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
    into dx: UnsafeMutablePointer<Float>, count: Int, accumulate: Bool
  ) {
    let kernel =
      switch function {
      case .relu: svk_relu_backward
      case .sigmoid: svk_sigmoid_backward
      case .tanh: svk_tanh_backward
      case .silu: svk_silu_backward
      case .gelu: svk_gelu_backward
      case .geluTanh: svk_gelu_tanh_backward
      case .quickGelu: svk_quick_gelu_backward
      case .squaredRelu: svk_squared_relu_backward
      case .mish: svk_mish_backward
      }
    kernel(x, dy, dx, Int64(count), accumulate ? 1 : 0)
  }

  /// Where a gradient goes, and whether something is there already that it is added to.
  package typealias GradientPlace = (pointer: UnsafeMutablePointer<Float>, accumulate: Bool)

  /// The way back of y = f(gate)·up, from its inputs: dgate (+)= dy·up·f'(gate), dup (+)=
  /// dy·f(gate).
  package static func gateBackward(
    _ function: Activation, gate: UnsafePointer<Float>, up: UnsafePointer<Float>,
    _ dy: UnsafePointer<Float>, dGate: GradientPlace, dUp: GradientPlace, count: Int
  ) {
    let kernel =
      switch function {
      case .relu: svk_relu_gate_backward
      case .sigmoid: svk_sigmoid_gate_backward
      case .tanh: svk_tanh_gate_backward
      case .silu: svk_silu_gate_backward
      case .gelu: svk_gelu_gate_backward
      case .geluTanh: svk_gelu_tanh_gate_backward
      case .quickGelu: svk_quick_gelu_gate_backward
      case .squaredRelu: svk_squared_relu_gate_backward
      case .mish: svk_mish_gate_backward
      }
    var all = svk_gate(
      gate: gate, up: up, dy: dy, dgate: dGate.pointer, dup: dUp.pointer,
      adds_gate: dGate.accumulate ? 1 : 0, adds_up: dUp.accumulate ? 1 : 0)
    kernel(&all, Int64(count))
  }

  /// y[i] = e^(x[i] − shift); `y` may be `x`.
  package static func exp(
    _ x: UnsafePointer<Float>, minus shift: Float = 0, into y: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    svk_exp(x, shift, y, Int64(count))
  }
}
