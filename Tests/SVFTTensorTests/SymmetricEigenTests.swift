// Eigenvectors of symmetric matrices: orthonormal, and turned by the matrix into their multiples.
import SVFTTensor
import Testing

@Suite(.enabled(if: SVD.Solver.gram.method != nil, "this system has no LAPACK"))
struct SymmetricEigenTests {
  /// Beyond a block of 64 reflectors, and beyond a panel of 256 vectors.
  @Test(arguments: [1, 2, 3, 64, 65, 66, 130, 257, 300])
  func vectorsAreOrthonormalAndBelongToTheirValues(order: Int) throws {
    var random = RandomSource(seed: 4, purpose: "symmetric \(order)")
    var matrix = [Double](repeating: 0, count: order * order)
    for i in 0..<order {
      for j in 0...i {
        matrix[i * order + j] = random.normal()
        matrix[j * order + i] = matrix[i * order + j]
      }
    }
    let eigen = try SymmetricEigen(order: order, threads: 2)
    var (used, x) = (matrix, [Double](repeating: 0, count: order * order))
    let isSolved = used.withUnsafeMutableBufferPointer { used in
      x.withUnsafeMutableBufferPointer { x in
        guard let a = used.baseAddress, let z = x.baseAddress else { return false }
        return eigen.solve(a, vectors: z)
      }
    }
    #expect(isSolved)
    let values = (0..<order).map { eigen.values[$0] }
    #expect(zip(values, values.dropFirst()).allSatisfy { $0 <= $1 })
    let size = max(abs(values[0]), abs(values[order - 1]))
    var (residual, departure) = (0.0, 0.0)
    for j in 0..<order {
      let column = Array(x[j * order..<(j + 1) * order])
      for i in 0..<order {
        var (image, product) = (0.0, 0.0)
        for k in 0..<order {
          image += matrix[i * order + k] * column[k]
          product += x[i * order + k] * column[k]
        }
        residual = max(residual, abs(image - values[j] * column[i]))
        departure = max(departure, abs(product - (i == j ? 1 : 0)))
      }
    }
    #expect(residual < 1e-13 * size)
    #expect(departure < 1e-13)
  }
}
