// What is particular to the Gram solver; what holds for every solver is in SVDTests.
import SVFTTensor
import Testing

@Suite(.enabled(if: SVD.Solver.gram.method != nil, "this system has no LAPACK"))
struct GramSVDTests {
  private func decompose(
    _ matrix: TestMatrix, _ solver: SVD.Solver = .gram, threads: Int = 1
  ) throws -> SVD {
    try SVD.thin(
      matrix.values, rows: matrix.rows, columns: matrix.columns, solver: solver, threads: threads)
  }

  @Test(arguments: [2, 3]) func anyNumberOfThreadsGivesTheSameBytes(threads: Int) throws {
    for matrix in [
      TestMatrix.random(530, 300), .random(300, 600), .deficient(300, 290, rank: 20),
      .falling(300, 280, decades: 10),
    ] {
      let (one, many) = (try decompose(matrix), try decompose(matrix, threads: threads))
      #expect(one.sigma == many.sigma)
      #expect(one.u.bytes.elementsEqual(many.u.bytes))
      #expect(one.vt.bytes.elementsEqual(many.vt.bytes))
    }
  }

  /// The square of the matrix holds nothing of σ below 1e-8 σ₁: they come from the second and third
  /// turn, to the rounding of the largest.
  @Test func smallSingularValuesAreThoseOfLAPACK() throws {
    for matrix in [
      TestMatrix.falling(80, 60, decades: 6), .falling(60, 80, decades: 12),
      .falling(90, 90, decades: 9, alongRows: true),
    ] {
      let (gram, exact) = (try decompose(matrix), try decompose(matrix, .lapack))
      #expect(exact.sigma[exact.sigma.count - 1] < 1e-5 * exact.sigma[0])
      for (a, b) in zip(gram.sigma, exact.sigma) {
        #expect(abs(a - b) < 1e-14 * exact.sigma[0])
      }
    }
  }

  /// Well-separated directions with σ at 1e-6 σ₁ are LAPACK's own, signs included.
  @Test func directionsOfSmallSingularValuesAreThoseOfLAPACK() throws {
    var random = RandomSource(seed: 9, purpose: "separated")
    let mix = (0..<30 * 12).map { _ in Float(random.normal()) }
    let matrix = TestMatrix("separated", 30, 12) { i, k in
      mix[i * 12 + k] * Float(sign: .plus, exponent: -2 * k, significand: 1)
    }
    let (gram, exact) = (try decompose(matrix), try decompose(matrix, .lapack))
    #expect(exact.sigma[11] < 1e-6 * exact.sigma[0])
    for (a, b) in [(gram.u, exact.u), (gram.vt, exact.vt)] {
      let differences = zip(a.values(Float.self), b.values(Float.self)).map { abs($0 - $1) }
      #expect((differences.max() ?? 1) < 1e-6)
    }
  }

  @Test func nullDirectionsAreTheSameAtEachCall() throws {
    let matrix = TestMatrix.deficient(60, 50, rank: 7)
    let (one, two) = (try decompose(matrix), try decompose(matrix))
    #expect(one.u.bytes.elementsEqual(two.u.bytes))
    #expect(one.sigma.dropFirst(7).allSatisfy { $0 < 1e-13 * one.sigma[0] })
  }
}
