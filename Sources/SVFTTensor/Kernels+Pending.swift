// Stand-ins until the kernels land: the names the layers use, in plain Swift, F32 only.
// The kernels' work deletes this file and provides the same names.

/// Named element formats.
package enum ElementFormats {
  package static let f32: any ElementFormat = PlainF32()
  package static let q8_0: any ElementFormat = PlainF32()
}

/// Vector kernels on F32.
package enum Kernels {
  /// target[i] += source[i]
  package static func add(
    _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int
  ) {
    for i in 0..<count { target[i] += source[i] }
  }

  /// dW[r, k] += Σ_t g[t·ldg + r]·x[t·ldx + k] for rows `rows` and k < columns; dW is [all rows,
  /// columns].
  package static func outerAccumulate(
    _ g: UnsafePointer<Float>, ldg: Int, _ x: UnsafePointer<Float>, ldx: Int, tokens: Int,
    rows: Range<Int>, columns: Int, into target: UnsafeMutablePointer<Float>
  ) {
    for r in rows {
      for t in 0..<tokens {
        let scale = g[t * ldg + r]
        for k in 0..<columns { target[r * columns + k] += scale * x[t * ldx + k] }
      }
    }
  }
}

private struct PlainF32: ElementFormat {
  let name = "F32"
  let ggufType: UInt32 = 0
  let safetensorsType: String? = "F32"
  let blockLength = 1
  let blockBytes = 4
  let prefersIntegerActivations = false

  func decode(_ source: UnsafeRawPointer, count: Int, into target: UnsafeMutablePointer<Float>) {
    target.update(from: source.assumingMemoryBound(to: Float.self), count: count)
  }
  func encode(_ source: UnsafePointer<Float>, count: Int, into target: UnsafeMutableRawPointer) {
    target.assumingMemoryBound(to: Float.self).update(from: source, count: count)
  }
  func product(
    _ weights: UnsafeRawPointer, rows: Range<Int>, columns: Int,
    _ x: UnsafePointer<Float>, tokens: Int,
    into y: UnsafeMutablePointer<Float>, ldy: Int, scratch: UnsafeMutableRawPointer
  ) {
    let w = weights.assumingMemoryBound(to: Float.self)
    for t in 0..<tokens {
      for r in rows {
        var sum: Float = 0
        for k in 0..<columns { sum += w[r * columns + k] * x[t * columns + k] }
        y[t * ldy + r] = sum
      }
    }
  }
  func integerProduct(
    _ weights: UnsafeRawPointer, rows: Range<Int>, columns: Int, _ x: UnsafeRawPointer,
    tokens: Int, into y: UnsafeMutablePointer<Float>, ldy: Int, scratch: UnsafeMutableRawPointer
  ) {}
  func transposedProduct(
    _ weights: UnsafeRawPointer, rows: Int, rowLength: Int, columns: Range<Int>,
    _ g: UnsafePointer<Float>, ldg: Int, tokens: Int,
    into dx: UnsafeMutablePointer<Float>, ldx: Int, accumulate: Bool,
    scratch: UnsafeMutableRawPointer
  ) {
    let w = weights.assumingMemoryBound(to: Float.self)
    for t in 0..<tokens {
      for k in columns {
        var sum: Float = accumulate ? dx[t * ldx + k] : 0
        for r in 0..<rows { sum += w[r * rowLength + k] * g[t * ldg + r] }
        dx[t * ldx + k] = sum
      }
    }
  }
  func productScratch(_ innerLength: Int) -> Int { 64 }
}
