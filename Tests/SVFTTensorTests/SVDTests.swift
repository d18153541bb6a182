// Every kind of matrix through every solver this system has: the product, orthonormality, order,
// signs; the solvers against each other; and that bad factors are told from good ones.
import SVFTTensor
import Testing

@Suite struct SVDTests {
  static let solvers = SVD.Solver.allCases.filter { $0.method != nil }

  @Test(arguments: TestMatrix.all, solvers)
  func factorsAreOrthonormalOrderedAndMultiplyBackToTheMatrix(
    matrix: TestMatrix, solver: SVD.Solver
  ) throws {
    let (rows, columns, rank) = (matrix.rows, matrix.columns, min(matrix.rows, matrix.columns))
    let svd = try SVD.thin(matrix.values, rows: rows, columns: columns, solver: solver)
    let (u, vt) = (svd.u.values(Float.self), svd.vt.values(Float.self))
    #expect(svd.sigma.count == rank && u.count >= rows * rank && vt.count >= rank * columns)
    #expect(svd.sigma.allSatisfy { $0 >= 0 })
    #expect(zip(svd.sigma, svd.sigma.dropFirst()).allSatisfy { $0 >= $1 })

    var (error, size) = (0.0, 0.0)
    for i in 0..<rows {
      for k in 0..<columns {
        let w = Double(matrix.values[i * columns + k])
        let sum = (0..<rank).reduce(0.0) {
          $0 + Double(u[i * rank + $1]) * svd.sigma[$1] * Double(vt[$1 * columns + k])
        }
        error += (w - sum) * (w - sum)
        size += w * w
      }
    }
    #expect(error.squareRoot() <= 3e-7 * size.squareRoot())

    var worst = 0.0
    for a in 0..<rank {
      for b in 0...a {
        let uu = (0..<rows).reduce(0.0) {
          $0 + Double(u[$1 * rank + a]) * Double(u[$1 * rank + b])
        }
        let vv = (0..<columns).reduce(0.0) {
          $0 + Double(vt[a * columns + $1]) * Double(vt[b * columns + $1])
        }
        worst = max(worst, abs(uu - (a == b ? 1 : 0)), abs(vv - (a == b ? 1 : 0)))
      }
    }
    #expect(worst < 1e-6)
  }

  @Test(arguments: TestMatrix.all, solvers)
  func theLargestEntryOfEachRightVectorIsPositive(matrix: TestMatrix, solver: SVD.Solver) throws {
    let svd = try SVD.thin(
      matrix.values, rows: matrix.rows, columns: matrix.columns, solver: solver)
    let vt = svd.vt.values(Float.self)
    for j in svd.sigma.indices {
      let row = vt[j * matrix.columns..<(j + 1) * matrix.columns]
      let largest = row.map(abs).max() ?? 0
      #expect(row.contains { $0 >= largest * (1 - 1e-6) })
    }
  }

  @Test(arguments: TestMatrix.all.filter(\.isDistinct)) func solversAgree(matrix: TestMatrix) throws
  {
    let found = try Self.solvers.map {
      try SVD.thin(matrix.values, rows: matrix.rows, columns: matrix.columns, solver: $0)
    }
    let first = found[0]
    for other in found.dropFirst() {
      for (a, b) in zip(first.sigma, other.sigma) {
        #expect(abs(a - b) <= 1e-14 * first.sigma[0])
      }
      let pairs = [(first.u, other.u), (first.vt, other.vt)]
      for (a, b) in pairs {
        let differences = zip(a.values(Float.self), b.values(Float.self)).map { abs($0 - $1) }
        #expect((differences.max() ?? 0) < 2e-6)
      }
    }
  }

  @Test(arguments: solvers) func knownSingularValuesAreFound(solver: SVD.Solver) throws {
    // [[3, 0], [4, 5]] has σ² = 45 and 5.
    let svd = try SVD.thin([3, 0, 4, 5], rows: 2, columns: 2, solver: solver)
    #expect(abs(svd.sigma[0] - 45.0.squareRoot()) < 1e-14)
    #expect(abs(svd.sigma[1] - 5.0.squareRoot()) < 1e-14)
    // v_1 = (1, 1)/√2: equal magnitudes, both positive under the canonical sign.
    #expect(
      svd.vt.values(Float.self)[..<2].allSatisfy { abs(Double($0) - 0.5.squareRoot()) < 1e-6 })
  }

  @Test(arguments: solvers) func repeatedCallsGiveTheSameBytes(solver: SVD.Solver) throws {
    let matrix = TestMatrix.random(33, 20, seed: 5)
    let all = try (0..<3).map { _ in
      try SVD.thin(matrix.values, rows: matrix.rows, columns: matrix.columns, solver: solver)
    }
    for svd in all {
      #expect(svd.sigma == all[0].sigma)
      #expect(svd.u.bytes.elementsEqual(all[0].u.bytes))
      #expect(svd.vt.bytes.elementsEqual(all[0].vt.bytes))
    }
  }

  @Test(arguments: solvers) func matricesMayBeDecomposedAtTheSameTime(solver: SVD.Solver)
    async throws
  {
    let matrices = (0..<6).map { TestMatrix.random(40, 30, seed: UInt64($0)) }
    let alone = try matrices.map {
      try SVD.thin($0.values, rows: $0.rows, columns: $0.columns, solver: solver).sigma
    }
    let together = try await withThrowingTaskGroup(of: (Int, [Double]).self) { group in
      for (index, matrix) in matrices.enumerated() {
        group.addTask {
          let svd = try SVD.thin(
            matrix.values, rows: matrix.rows, columns: matrix.columns, solver: solver)
          return (index, svd.sigma)
        }
      }
      return try await group.reduce(into: [Int: [Double]]()) { $0[$1.0] = $1.1 }
    }
    for (index, sigma) in alone.enumerated() { #expect(together[index] == sigma) }
  }

  @Test(arguments: solvers, [Float.nan, .infinity, -.infinity])
  func valuesThatAreNoNumbersAreRefusedWithTheirPlace(solver: SVD.Solver, value: Float) {
    let error = #expect(throws: SVFTError.self) {
      try SVD.thin([1, 2, 3, 4, value, 6], rows: 2, columns: 3, solver: solver)
    }
    #expect(error?.kind == .nonFinite)
    #expect(error?.message.contains("row 1, column 1") == true)
  }

  @Test func anEmptyMatrixIsAShapeError() {
    for (rows, columns) in [(0, 3), (3, 0), (-1, 2)] {
      let error = #expect(throws: SVFTError.self) {
        try SVD.thin([1], rows: rows, columns: columns)
      }
      #expect(error?.kind == .shape)
    }
  }

  @Test func theMethodNamesItsVersion() throws {
    let svd = try SVD.thin([2], rows: 1, columns: 1, solver: .jacobi)
    #expect(svd.method.hasPrefix("jacobi "))
    #expect(svd.sigma == [2])
    #expect(SVD.Solver.lapack.method?.hasPrefix("lapack-dgesdd ") ?? true)
    #expect(SVD.Solver.gram.method?.hasPrefix("gram ") ?? true)
    #expect(Set(Self.solvers.map(\.method)).count == Self.solvers.count)
  }

  @Test(arguments: TestMatrix.all, solvers)
  func theErrorsOfEveryDecompositionAreMeasured(matrix: TestMatrix, solver: SVD.Solver) throws {
    let svd = try SVD.thin(
      matrix.values, rows: matrix.rows, columns: matrix.columns, solver: solver)
    #expect(svd.accuracy.residual < 3e-7)
    #expect(svd.accuracy.departure < 2e-6)
    #expect(svd.accuracy.isWithinBound)
  }

  @Test func factorsThatAreNotThoseOfTheMatrixAreFoundOut() throws {
    let matrix = TestMatrix.random(30, 20)
    let svd = try SVD.thin(matrix.values, rows: 30, columns: 20)
    func measured(_ spoil: () -> Void) throws -> SVD.Accuracy {
      spoil()
      return try SVD.accuracy(
        u: svd.u, sigma: svd.sigma, vt: svd.vt, of: matrix.values, rows: 30, columns: 20)
    }
    let (u, vt) = (svd.u.values(Float.self), svd.vt.values(Float.self))
    #expect(try measured {}.isWithinBound)
    // One entry of 1e-3 in U: seen by the residual and by UᵀU.
    let spoilt = try measured { u[7] += 1e-3 }
    #expect(!spoilt.isWithinBound && spoilt.residual > 1e-5 && spoilt.departure > 1e-5)
    u[7] -= 1e-3
    #expect(try measured { vt[7] += 1e-3 }.departure > 1e-5)
    vt[7] -= 1e-3
    #expect(try measured { u[3] = .nan }.isWithinBound == false)
  }

  @Test func theResidualIsTheShareThatIsLeftOut() throws {
    // σ = 2, 1: without the second direction 1/√5 of the matrix is missing.
    let one = try SVD.thin([2, 0, 0, 1], rows: 2, columns: 2)
    let half = try SVD.accuracy(
      u: Buffer(of: Float.self, count: 2).filled([1, 0]), sigma: [one.sigma[0]],
      vt: Buffer(of: Float.self, count: 2).filled([1, 0]), of: [2, 0, 0, 1], rows: 2, columns: 2)
    #expect(abs(half.residual - 0.2.squareRoot()) < 1e-12)
    #expect(half.departure == 0)
  }
}

extension Buffer {
  fileprivate func filled(_ numbers: [Float]) -> Buffer {
    _ = values(Float.self).update(fromContentsOf: numbers)
    return self
  }
}
