// The first directions of a matrix by randomised iteration: those of the whole decomposition where
// the spectrum falls, the truth about what is left out, the same bytes at each call.
import SVFTTensor
import Testing

@Suite struct RandomizedSVDTests {
  private func truncated(
    _ matrix: TestMatrix, rank: Int, iterations: Int = 4, threads: Int = 1
  ) throws -> SVD {
    try SVD.truncated(
      matrix.values, rows: matrix.rows, columns: matrix.columns,
      SVD.Truncation(rank: rank, iterations: iterations), threads: threads)
  }

  private func exact(_ matrix: TestMatrix) throws -> SVD {
    try SVD.thin(matrix.values, rows: matrix.rows, columns: matrix.columns)
  }

  @Test(arguments: [(90, 300), (300, 90), (120, 120)])
  func fallingSpectraAreFound(rows: Int, columns: Int) throws {
    let matrix = TestMatrix.falling(rows, columns, decades: 4)
    let (some, all) = (try truncated(matrix, rank: 12, iterations: 8), try exact(matrix))
    #expect(some.sigma.count == 12 && some.accuracy.departure < 5e-6)
    for (a, b) in zip(some.sigma, all.sigma) { #expect(abs(a - b) < 1e-5 * all.sigma[0]) }
    // The first directions are the exact ones, signs included.
    let (v, w) = (some.vt.values(Float.self), all.vt.values(Float.self))
    #expect((0..<4 * columns).allSatisfy { abs(v[$0] - w[$0]) < 2e-3 })
    let rest = all.sigma.dropFirst(12).reduce(0) { $0 + $1 * $1 }.squareRoot()
    let whole = all.sigma.reduce(0) { $0 + $1 * $1 }.squareRoot()
    // One random vector measures within a factor of two.
    let ratio = some.accuracy.residual / (rest / whole)
    #expect(ratio > 0.5 && ratio < 2)
  }

  @Test func matricesOfLowRankAreFoundExactly() throws {
    let svd = try truncated(.deficient(200, 150, rank: 6), rank: 10)
    #expect(svd.accuracy.residual < 2e-6 && svd.accuracy.departure < 5e-6)
    #expect(svd.sigma.dropFirst(6).allSatisfy { $0 < 1e-5 * svd.sigma[0] })
    let zero = try truncated(TestMatrix("zero", 80, 70) { _, _ in 0 }, rank: 4)
    #expect(zero.sigma == [0, 0, 0, 0] && zero.accuracy.isWithinBound)
  }

  @Test func iterationsTurnTheSubspaceTowardsTheLargest() throws {
    let matrix = TestMatrix.random(200, 240)
    let residuals = try [0, 1, 4].map {
      try truncated(matrix, rank: 20, iterations: $0).sigma.reduce(0) { $0 + $1 * $1 }
    }
    #expect(residuals[0] < residuals[1] && residuals[1] < residuals[2])
  }

  @Test(arguments: [2, 3]) func anyNumberOfThreadsGivesTheSameBytes(threads: Int) throws {
    let matrix = TestMatrix.random(300, 530)
    let (one, many) = (
      try truncated(matrix, rank: 9), try truncated(matrix, rank: 9, threads: threads)
    )
    #expect(one.sigma == many.sigma && one.u.bytes.elementsEqual(many.u.bytes))
    #expect(one.vt.bytes.elementsEqual(many.vt.bytes))
  }

  @Test func manyDirectionsAreComputedExactly() throws {
    let matrix = TestMatrix.random(40, 30)
    let (some, all) = (try truncated(matrix, rank: 12), try exact(matrix))
    #expect(some.method == all.method && some.sigma == Array(all.sigma[..<12]))
    #expect(try truncated(matrix, rank: 99).sigma == all.sigma)
    for row in 0..<40 {
      for j in 0..<12 {
        #expect(some.u.values(Float.self)[row * 12 + j] == all.u.values(Float.self)[row * 30 + j])
      }
    }
  }

  @Test func valuesThatAreNoNumbersAreRefused() {
    var values = [Float](repeating: 1, count: 80 * 70)
    values[75] = .nan
    let error = #expect(throws: SVFTError.self) {
      try SVD.truncated(values, rows: 80, columns: 70, SVD.Truncation(rank: 2))
    }
    #expect(error?.kind == .nonFinite && error?.message.contains("row 1, column 5") == true)
  }
}
