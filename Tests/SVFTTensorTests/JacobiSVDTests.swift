// What is particular to the Jacobi solver; what holds for every solver is in SVDTests.
import SVFTTensor
import Testing

@Suite struct JacobiSVDTests {
  private func decompose(_ matrix: TestMatrix, threads: Int = 1) throws -> SVD {
    try SVD.thin(
      matrix.values, rows: matrix.rows, columns: matrix.columns, solver: .jacobi, threads: threads)
  }

  @Test(arguments: [2, 3, 5]) func anyNumberOfThreadsGivesTheSameBytes(threads: Int) throws {
    for matrix in [
      TestMatrix.random(33, 20), TestMatrix.random(21, 45), .deficient(20, 20, rank: 5),
    ] {
      let (one, many) = (try decompose(matrix), try decompose(matrix, threads: threads))
      #expect(one.sigma == many.sigma)
      #expect(one.u.bytes.elementsEqual(many.u.bytes))
      #expect(one.vt.bytes.elementsEqual(many.vt.bytes))
    }
  }

  @Test func thousandsOfRotationsKeepTheLengths() throws {
    let matrix = TestMatrix.random(128, 96)
    let sum = try decompose(matrix).sigma.reduce(0) { $0 + $1 * $1 }
    // Summed with Kahan's correction: the plain sum alone is off by 1.4e-14.
    var (exact, rest) = (0.0, 0.0)
    for value in matrix.values {
      let square = Double(value) * Double(value) + rest
      let next = exact + square
      rest = square - (next - exact)
      exact = next
    }
    #expect(abs(sum - exact) < 4e-15 * exact)
  }

  @Test(arguments: 0..<40) func lowRankMatricesConverge(seed: Int) throws {
    let (rows, columns) = (2 + seed % 7, 2 + seed * 5 % 11)
    for rank in 1...min(rows, columns) {
      let svd = try decompose(.deficient(rows, columns, rank: rank))
      #expect(svd.sigma.dropFirst(rank).allSatisfy { $0 < 1e-13 * max(1, svd.sigma[0]) })
    }
  }
}
