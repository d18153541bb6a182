// What fixes the singular vectors an adapter was trained with, without storing them: their products
// with fixed random vectors. Signs and, where singular values nearly coincide, rotations of U and V
// differ from one solver to the next; M means nothing without them.
//
//   probe     [2, n]      row 0: Vᵀ z, row 1: Uᵀ z', both from N(0, 1), rows of U canonical
//   clusters  [rows, 32]  for each direction in a cluster (neighbours closer than 1e-6 of σ₁)
//                         16 products of either side: they give the rotation (Procrustes)
import SVFTLayers
import SVFTTensor

/// Products of the singular vectors with fixed vectors.
struct FactorProbe {
  /// Relative distance below which neighbouring singular values may have been rotated among each
  /// other.
  static let clusterGap = 1e-6
  /// Vectors per side that a cluster is probed with: larger clusters cannot be aligned.
  static let clusterProbes = 16
  /// Largest difference of a product that still counts as the same vector.
  static let tolerance: Float = 1e-4

  let factors: Factors
  private let slot: Slot

  init(_ factors: Factors, of slot: Slot) {
    self.factors = factors
    self.slot = slot
  }

  /// Directions of clusters that can be aligned, in order.
  var clusters: [Range<Int>] {
    factors.values.clusters(gap: Self.clusterGap).filter { $0.count <= Self.clusterProbes }
  }

  /// What a file keeps of the factors.
  struct Products: Sendable {
    /// [2, n]
    let all: Buffer
    /// [directions of clusters, 2·16]; nil where there is no cluster.
    let clusters: Buffer?
  }

  /// All products.
  func everything() throws(SVFTError) -> Products {
    Products(all: try products(), clusters: try clusterProducts())
  }

  /// [2, n]: the products of all directions with one vector per side.
  func products() throws(SVFTError) -> Buffer { try products(of: [0..<factors.order], count: 1) }

  /// [directions of clusters, 2·16]; nil where there is no cluster.
  func clusterProducts() throws(SVFTError) -> Buffer? {
    let clusters = clusters
    guard !clusters.isEmpty else { return nil }
    let rows = clusters.reduce(0) { $0 + $1.count }
    let sides = try products(of: clusters, count: Self.clusterProbes)
    // From [side, vector, direction] to [direction, side and vector].
    let result = try Buffer(of: Float.self, count: rows * 2 * Self.clusterProbes)
    defer { withExtendedLifetime(sides) {} }
    let (from, to) = (sides.values(Float.self), result.values(Float.self))
    for column in 0..<2 * Self.clusterProbes {
      for row in 0..<rows { to[row * 2 * Self.clusterProbes + column] = from[column * rows + row] }
    }
    return result
  }

  /// [side, vector, direction] for the directions of `ranges`.
  ///
  /// Sums in float64: a probe must not differ between machines by more than its vectors do.
  private func products(of ranges: [Range<Int>], count: Int) throws(SVFTError) -> Buffer {
    let directions = ranges.flatMap { Array($0) }
    let result = try Buffer(of: Float.self, count: 2 * count * directions.count)
    let target = result.values(Float.self)
    let (inner, outer) = (factors.right.columns, factors.left.rows)
    let order = factors.order
    let v = factors.right.bytes.values(Float.self)
    let u = factors.left.bytes.values(Float.self)
    for probe in 0..<count {
      let z = Self.vector("in", probe, count: inner)
      for (place, j) in directions.enumerated() {
        var sum = 0.0
        for k in 0..<inner { sum += Double(v[j * inner + k]) * z[k] }
        target[probe * directions.count + place] = Float(sum)
      }
      let w = Self.vector("out", probe, count: outer)
      var sums = [Double](repeating: 0, count: directions.count)
      for row in 0..<outer {
        let start = slot.stored(row) * order
        for (place, j) in directions.enumerated() { sums[place] += Double(u[start + j]) * w[row] }
      }
      for (place, sum) in sums.enumerated() {
        target[(count + probe) * directions.count + place] = Float(sum)
      }
    }
    return result
  }

  private static func vector(_ side: String, _ probe: Int, count: Int) -> [Double] {
    var random = RandomSource(seed: 0, purpose: "svft_probe/\(side)/\(probe)")
    return (0..<count).map { _ in random.normal() }
  }
}

extension FactorProbe {
  /// These factors, signs flipped and clusters rotated so that they are the ones whose products
  /// were saved; themselves where they are already.
  ///
  /// `ignored` directions are not compared.
  ///
  /// Throws `.mismatch` where a product still differs by more than the tolerance.
  func aligned(
    to saved: UnsafeMutableBufferPointer<Float>,
    clusters savedClusters: UnsafeMutableBufferPointer<Float>?, ignoring ignored: [Bool]
  ) throws(SVFTError) -> Factors {
    let order = factors.order
    let ownProducts = try products()
    let ownClusters = try savedClusters == nil ? nil : clusterProducts()
    defer { withExtendedLifetime((ownProducts, ownClusters)) {} }
    let own = ownProducts.values(Float.self)
    var rotations: [Rotation] = []
    var covered = [Bool](repeating: false, count: order)
    if let savedClusters, let ownClusters = ownClusters?.values(Float.self) {
      var first = 0
      for cluster in clusters {
        let width = 2 * Self.clusterProbes
        let rows = first * width..<(first + cluster.count) * width
        guard rows.upperBound <= savedClusters.count else { break }
        rotations.append(
          try Rotation(
            cluster, from: UnsafeMutableBufferPointer(rebasing: ownClusters[rows]),
            to: UnsafeMutableBufferPointer(rebasing: savedClusters[rows])))
        for j in cluster { covered[j] = true }
        first += cluster.count
      }
    }
    for j in 0..<order where !covered[j] {
      let match = own[j] * saved[j] + own[order + j] * saved[order + j]
      if match < 0 { rotations.append(Rotation(flipping: j)) }
    }
    let isSame = rotations.allSatisfy(\.isIdentity)
    let result = isSame ? factors : try factors.rotated(rotations)
    let products = try FactorProbe(result, of: slot).products()
    if let index = Self.difference(products, saved, ignoring: ignored) {
      throw SVFTError(
        .mismatch,
        "singular direction \(index % order) differs from the one the adapter was trained with: "
          + "expected a product of \(saved[index]), found \(products.values(Float.self)[index])")
    }
    return result
  }

  /// The first of two products [2, n] that is another vector's; nil where there is none.
  static func difference(
    _ products: Buffer, _ saved: UnsafeMutableBufferPointer<Float>, ignoring ignored: [Bool]
  ) -> Int? {
    defer { withExtendedLifetime(products) {} }
    let (own, order) = (products.values(Float.self), ignored.count)
    return (0..<2 * order).first { index in
      !ignored[index % order] && !(abs(own[index] - saved[index]) <= Self.tolerance)
    }
  }
}
