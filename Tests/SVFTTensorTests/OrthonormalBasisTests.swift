// Completion: whatever is added, the vectors stay orthonormal.
import SVFTTensor
import Testing

@Suite struct OrthonormalBasisTests {
  private func worstProduct(_ basis: OrthonormalBasis, count: Int, length: Int) -> Double {
    var worst = 0.0
    for a in 0..<count {
      for b in 0...a {
        let product = (0..<length).reduce(0) { $0 + basis.vector(a)[$1] * basis.vector(b)[$1] }
        worst = max(worst, abs(product - (a == b ? 1 : 0)))
      }
    }
    return worst
  }

  @Test func zeroVectorsBecomeAWholeBasis() throws {
    var basis = try OrthonormalBasis(capacity: 6, length: 6)
    for _ in 0..<6 {
      basis.append([Double](repeating: 0, count: 6), length: 0, isExact: false)
    }
    #expect(worstProduct(basis, count: 6, length: 6) < 1e-15)
    #expect(basis.vector(0)[0] == 1)
  }

  @Test func noiseIsMadeOrthogonalOrReplaced() throws {
    var basis = try OrthonormalBasis(capacity: 4, length: 4)
    basis.append([3, 0, 0, 4], length: 5, isExact: true)
    basis.append([3e-17, 1e-18, 0, 4e-17], length: 5e-17, isExact: false)  // the first one again
    basis.append([1e-17, 2e-17, -3e-17, 0], length: 14.0.squareRoot() * 1e-17, isExact: false)
    basis.append([0, 0, 0, 0], length: 0, isExact: false)
    #expect(worstProduct(basis, count: 4, length: 4) < 1e-15)
    #expect(basis.vector(0)[0] == 0.6 && basis.vector(0)[3] == 0.8)
  }
}
