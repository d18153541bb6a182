// Normalisation of rows with an optional gain g = weight + offset:
//   rms    y = x·r·g,           r = 1 / √(mean x² + ε)
//   layer  y = (x − μ)·r·g + b, r = 1 / √(variance + ε)
// r (and μ) are kept by the forward where the caller wants a backward.
import CKernels

extension Kernels {
  /// Rows to normalise: [rows, width] dense.
  package struct Norm {
    package var rows: Int
    package var width: Int
    /// [width], nil for ones.
    package var weight: UnsafePointer<Float>?
    /// Added to each weight (1 in Gemma, whose files hold g − 1).
    package var weightOffset: Float
    package var epsilon: Float

    package init(
      rows: Int, width: Int, weight: UnsafePointer<Float>?, weightOffset: Float = 0,
      epsilon: Float
    ) {
      self.rows = rows
      self.width = width
      self.weight = weight
      self.weightOffset = weightOffset
      self.epsilon = epsilon
    }

    var value: svk_norm {
      svk_norm(
        rows: Int64(rows), width: Int64(width), weight: weight, weight_offset: weightOffset,
        epsilon: epsilon)
    }
  }

  /// y = rms(x); `y` may be `x`. `inverse` [rows] receives r.
  package static func rmsNorm(
    _ norm: Norm, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
    inverse: UnsafeMutablePointer<Float>?
  ) {
    svk_rms_norm(norm.value, x, y, inverse)
  }

  /// dx (+)= …, dweight [width] += … where given.
  package static func rmsNormBackward(
    _ norm: Norm, _ x: UnsafePointer<Float>, inverse: UnsafePointer<Float>,
    _ dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>?,
    dweight: UnsafeMutablePointer<Float>?, accumulate: Bool
  ) {
    svk_rms_norm_backward(norm.value, x, inverse, dy, dx, dweight, accumulate ? 1 : 0)
  }

  /// y = layer(x); `y` may be `x`. `mean` and `inverse` [rows] receive μ and r.
  package static func layerNorm(
    _ norm: Norm, bias: UnsafePointer<Float>?, _ x: UnsafePointer<Float>,
    into y: UnsafeMutablePointer<Float>, mean: UnsafeMutablePointer<Float>?,
    inverse: UnsafeMutablePointer<Float>?
  ) {
    svk_layer_norm(norm.value, bias, x, y, mean, inverse)
  }

  /// dx (+)= …, dweight and dbias [width] += … where given.
  package static func layerNormBackward(
    _ norm: Norm, _ x: UnsafePointer<Float>, mean: UnsafePointer<Float>,
    inverse: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
    into dx: UnsafeMutablePointer<Float>?, dweight: UnsafeMutablePointer<Float>?,
    dbias: UnsafeMutablePointer<Float>?, accumulate: Bool
  ) {
    svk_layer_norm_backward(
      norm.value, x, mean, inverse, dy, dx, dweight, dbias, accumulate ? 1 : 0)
  }
}
