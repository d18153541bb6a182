// Orthonormal vectors collected one by one, completed where a direction is missing: the null space
// of a rank-deficient matrix gets columns as good as any others.
//
// A vector that is noise or zero is projected off the earlier ones twice (once is not enough: Kahan
// and Parlett); if little is left, the unit vector farthest from the span so far takes its place
// (lowest index among equals), so the choice depends on the input alone.

/// Up to `capacity` orthonormal vectors of one length.
package struct OrthonormalBasis {
  private let length: Int
  private let storage: Buffer
  private let values: UnsafeMutablePointer<Double>
  /// Σ_j v_j[i]²: how much of unit vector i lies in the span.
  private let covered: UnsafeMutableBufferPointer<Double>
  private let coveredStorage: Buffer
  private var count = 0

  /// An empty basis for vectors of `length` numbers; throws `.memory` or `.limit`.
  package init(capacity: Int, length: Int) throws(SVFTError) {
    self.length = length
    storage = try Buffer(
      of: Double.self, count: Checked.product(capacity, length, "the size of a basis"))
    values = storage.pointer.assumingMemoryBound(to: Double.self)
    coveredStorage = try Buffer(of: Double.self, count: length)
    covered = coveredStorage.values()
  }

  /// The vectors, one after the other, as long as the owners live.
  var start: UnsafeMutablePointer<Double> { values }
  var owners: [Buffer] { [storage, coveredStorage] }

  /// Vector number `index`, [length].
  package func vector(_ index: Int) -> UnsafePointer<Double> {
    UnsafePointer(values + index * length)
  }

  /// Adds the direction of `candidate`, whose length is given; an exact one is orthogonal already.
  ///
  /// No more than `capacity` vectors may be added, and no more than their length.
  package mutating func append(
    _ candidate: UnsafePointer<Double>, length size: Double, isExact: Bool
  ) {
    let target = values + count * length
    if size > 0 {
      for i in 0..<length { target[i] = candidate[i] / size }
    }
    if !isExact && (size == 0 || project(target) < 0.5) {
      var farthest = 0
      for i in 0..<length where covered[i] < covered[farthest] { farthest = i }
      for i in 0..<length { target[i] = i == farthest ? 1 : 0 }
      _ = project(target)
    }
    for i in 0..<length { covered[i] += target[i] * target[i] }
    count += 1
  }

  /// Projects `target` off the basis twice, makes it a unit vector, returns what was left of it.
  private func project(_ target: UnsafeMutablePointer<Double>) -> Double {
    var left = 1.0
    for _ in 0..<2 {
      for j in 0..<count {
        let other = values + j * length
        var product = 0.0
        for i in 0..<length { product += target[i] * other[i] }
        for i in 0..<length { target[i] -= product * other[i] }
      }
      var square = 0.0
      for i in 0..<length { square += target[i] * target[i] }
      let size = square.squareRoot()
      guard size > 0 else { return 0 }
      for i in 0..<length { target[i] /= size }
      left *= size
    }
    return left
  }
}
