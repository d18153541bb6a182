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
    let exact = matrix.values.reduce(0.0) { $0 + Double($1) * Double($1) }
    #expect(abs(sum - exact) < 1e-14 * exact)
  }

  @Test(arguments: 0..<40) func lowRankMatricesConverge(seed: Int) throws {
    let (rows, columns) = (2 + seed % 7, 2 + seed * 5 % 11)
    for rank in 1...min(rows, columns) {
      let svd = try decompose(.deficient(rows, columns, rank: rank))
      #expect(svd.sigma.dropFirst(rank).allSatisfy { $0 < 1e-13 * max(1, svd.sigma[0]) })
    }
  }
}
