// Every column of a value times a fixed number of its own: a diagonal matrix.
//
//   y[t, i] = d[i] x[t, i]       dx[t, i] = d[i] g[t, i]
//
// Nothing is kept: d is fixed.
package import SVFTTensor

/// y = diag(d) x.
final class ColumnScale: RowOp {
  private let x: Value
  private let y: Value
  /// d, [width].
  private let factors: Buffer

  init(_ x: Value, _ y: Value, _ factors: Buffer) {
    self.x = x
    self.y = y
    self.factors = factors
  }

  var reads: [Value] { [x] }
  var writes: [Value] { [y] }
  var keeps: [Value] { [] }

  func forward(_ run: Run, rows: StrideTo<Int>) {
    scale(run.pointer(x), into: run.pointer(y), accumulate: false, rows)
  }

  func backward(_ run: Run) {
    guard let g = run.gradient(y), let dx = run.target(0) else { return }
    scale(g, into: dx.pointer, accumulate: dx.accumulate, run.team.share(of: run.rows))
  }

  private func scale(
    _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, accumulate: Bool,
    _ rows: StrideTo<Int>
  ) {
    let width = x.width
    guard let d = UnsafePointer(factors.values(Float.self).baseAddress) else { return }
    for row in rows {
      let start = row * width
      if accumulate {
        Kernels.multiplyAdd(source + start, d, to: target + start, count: width)
      } else {
        Kernels.multiply(source + start, d, into: target + start, count: width)
      }
    }
  }
}

extension Graph {
  /// Records y = diag(d) x with fixed factors d, [width] in F32. [T, width]
  package func scaleColumns(_ x: Value, by factors: Buffer) throws(SVFTError) -> Value {
    let bytes = x.width * MemoryLayout<Float>.stride
    guard factors.byteCount == bytes else {
      throw SVFTError(
        .shape,
        "expected \(bytes) bytes of factors for \(x.width) columns, found "
          + "\(factors.byteCount)")
    }
    let y = value(width: x.width)
    record(ColumnScale(x, y, factors))
    return y
  }
}
