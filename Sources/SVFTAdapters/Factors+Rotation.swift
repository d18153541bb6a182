// Rotations among singular directions that a solver was free to choose, and factors with them
// applied: U and V turn together, so that U diag(σ) Vᵀ stays what it is up to the distance of the
// singular values.
import SVFTLayers
import SVFTTensor

/// An orthogonal change of neighbouring singular directions: new direction a = Σ_b matrix[a,
/// b]·direction b.
struct Rotation {
  let directions: Range<Int>
  /// [directions, directions], row by row.
  let matrix: [Double]

  init(flipping direction: Int) {
    directions = direction..<direction + 1
    matrix = [-1]
  }

  /// The rotation that brings `own` products [directions, columns] closest to `saved` ones: with
  /// saved·ownᵀ = X Σ Yᵀ it is X Yᵀ.
  init(
    _ directions: Range<Int>, from own: UnsafeMutableBufferPointer<Float>,
    to saved: UnsafeMutableBufferPointer<Float>
  ) throws(SVFTError) {
    let size = directions.count
    let columns = own.count / size
    var product = [Float](repeating: 0, count: size * size)
    for a in 0..<size {
      for b in 0..<size {
        var sum = 0.0
        for k in 0..<columns {
          sum += Double(saved[a * columns + k]) * Double(own[b * columns + k])
        }
        product[a * size + b] = Float(sum)
      }
    }
    let svd = try SVD.thin(product, rows: size, columns: size, solver: .jacobi)
    defer { withExtendedLifetime(svd) {} }
    let (x, yt) = (svd.u.values(Float.self), svd.vt.values(Float.self))
    var matrix = [Double](repeating: 0, count: size * size)
    for a in 0..<size {
      for b in 0..<size {
        for k in 0..<size {
          matrix[a * size + b] += Double(x[a * size + k]) * Double(yt[k * size + b])
        }
      }
    }
    self.directions = directions
    self.matrix = matrix
  }

  /// Whether nothing changes but rounding.
  var isIdentity: Bool {
    let size = directions.count
    return matrix.indices.allSatisfy { index in
      abs(matrix[index] - (index / size == index % size ? 1 : 0)) < 1e-6
    }
  }
}

extension Factors {
  /// A copy with rotated directions.
  ///
  /// Throws `.memory`.
  func rotated(_ rotations: [Rotation]) throws(SVFTError) -> Factors {
    let (outer, inner) = (left.rows, right.columns)
    let u = try Buffer(of: Float.self, count: outer * order)
    let v = try Buffer(of: Float.self, count: order * inner)
    u.pointer.copyMemory(from: left.bytes.pointer, byteCount: left.bytes.byteCount)
    v.pointer.copyMemory(from: right.bytes.pointer, byteCount: right.bytes.byteCount)
    let (oldU, newU) = (left.bytes.values(Float.self), u.values(Float.self))
    let (oldV, newV) = (right.bytes.values(Float.self), v.values(Float.self))
    for rotation in rotations where !rotation.isIdentity {
      let first = rotation.directions.lowerBound
      let size = rotation.directions.count
      for a in 0..<size {
        func mixed(_ value: (Int) -> Float) -> Float {
          var sum = 0.0
          for b in 0..<size { sum += rotation.matrix[a * size + b] * Double(value(first + b)) }
          return Float(sum)
        }
        for k in 0..<inner { newV[(first + a) * inner + k] = mixed { oldV[$0 * inner + k] } }
        for row in 0..<outer { newU[row * order + first + a] = mixed { oldU[row * order + $0] } }
      }
    }
    return try Factors(
      values: values,
      left: Weight(format: ElementFormats.f32, rows: outer, columns: order, bytes: u),
      right: Weight(format: ElementFormats.f32, rows: order, columns: inner, bytes: v),
      trainsInBF16: trainsInBF16)
  }
}
