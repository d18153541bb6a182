// F32 vectors: sums, scaling, sums of products. Targets may be one of the sources.
import CKernels

extension Kernels {
  /// Σ a[i]·b[i]
  package static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Float
  {
    svk_dot(a, b, Int64(count))
  }

  /// Σ x[i]², in Double.
  package static func sumOfSquares(_ x: UnsafePointer<Float>, count: Int) -> Double {
    svk_sum_squares(x, Int64(count))
  }

  /// Σ x[i], in Double.
  package static func sum(_ x: UnsafePointer<Float>, count: Int) -> Double {
    svk_sum(x, Int64(count))
  }

  /// The largest magnitude; NaN is passed over, and nothing gives 0.
  package static func largestMagnitude(_ x: UnsafePointer<Float>, count: Int) -> Float {
    svk_max_abs(x, Int64(count))
  }

  /// Whether no value is NaN or infinite.
  package static func allFinite(_ x: UnsafePointer<Float>, count: Int) -> Bool {
    svk_all_finite(x, Int64(count)) != 0
  }

  /// target[i] += source[i]
  package static func add(
    _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int
  ) {
    svk_add(source, target, target, Int64(count))
  }

  /// target[i] = a[i] + b[i]
  package static func add(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into target: UnsafeMutablePointer<Float>, count: Int
  ) {
    svk_add(a, b, target, Int64(count))
  }

  /// target[i] += factor·source[i]
  package static func add(
    _ source: UnsafePointer<Float>, times factor: Float, to target: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    svk_axpy(factor, source, target, Int64(count))
  }

  /// target[i] = factor·source[i]
  package static func scale(
    _ source: UnsafePointer<Float>, by factor: Float, into target: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    svk_scale(factor, source, target, Int64(count))
  }

  /// target[i] = a[i]·b[i]
  package static func multiply(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into target: UnsafeMutablePointer<Float>, count: Int
  ) {
    svk_multiply(a, b, target, Int64(count))
  }

  /// target[i] += a[i]·b[i]
  package static func multiplyAdd(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>, count: Int
  ) {
    svk_multiply_add(a, b, target, Int64(count))
  }
}
