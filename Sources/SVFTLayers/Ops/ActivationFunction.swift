// The functions between linear modules, on runs of numbers, with their derivatives.
//
//   silu       x · σ(x)                             σ + x · σ · (1 − σ)
//   gelu       x · Φ(x), Φ by erf                   Φ + x · φ(x)
//   geluTanh   x · (1 + tanh u) / 2                 (1 + tanh u)/2 + x · (1 − tanh² u)/2 · u'
//              u = √(2/π) · (x + 0.044715 x³)       (Hendrycks and Gimpel, 2016)
//   relu       max(x, 0)                            1 where x > 0
//   tanh       tanh x                               1 − tanh² x
import SVFTTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A function of one number.
package enum ActivationFunction: String, Sendable, Hashable, CaseIterable {
  case silu
  case gelu
  case geluTanh
  case relu
  case tanh

  /// y[i] = f(x[i]). y may be x.
  func apply(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
    for i in 0..<count { y[i] = value(x[i]) }
  }

  /// dx[i] = dy[i] · f'(x[i]), or += with `accumulate`. dx may be dy.
  func applyBackward(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
    count: Int, accumulate: Bool
  ) {
    for i in 0..<count { dx[i] = (accumulate ? dx[i] : 0) + dy[i] * slope(x[i]) }
  }

  private func value(_ x: Float) -> Float {
    switch self {
    case .silu: x / (1 + expf(-x))
    case .gelu: x * 0.5 * erfcf(-x * 0.70710678)
    case .geluTanh: 0.5 * x * (1 + tanhf(0.79788456 * (x + 0.044715 * x * x * x)))
    case .relu: x > 0 ? x : 0
    case .tanh: tanhf(x)
    }
  }

  private func slope(_ x: Float) -> Float {
    switch self {
    case .silu:
      let s = 1 / (1 + expf(-x))
      return s + x * s * (1 - s)
    case .gelu:
      return 0.5 * erfcf(-x * 0.70710678) + x * 0.39894228 * expf(-0.5 * x * x)
    case .geluTanh:
      let t = tanhf(0.79788456 * (x + 0.044715 * x * x * x))
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * 0.79788456 * (1 + 0.134145 * x * x)
    case .relu:
      return x > 0 ? 1 : 0
    case .tanh:
      let t = tanhf(x)
      return 1 - t * t
    }
  }
}
