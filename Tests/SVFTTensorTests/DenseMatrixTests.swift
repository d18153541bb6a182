// Windows, transposes and products of matrices in float64 and float32.
import SVFTTensor
import Testing

@Suite(.enabled(if: SVD.Solver.gram.method != nil, "this system has no LAPACK"))
struct DenseMatrixTests {
  @Test func transposesAndWindowsShowTheSameNumbers() {
    var numbers = (0..<12).map(Double.init)
    numbers.withUnsafeMutableBufferPointer { numbers in
      guard let start = numbers.baseAddress else { return }
      let whole = DenseMatrix(start, rows: 3, columns: 4)
      #expect(whole[2, 1] == 5)
      #expect(whole.transposed[1, 2] == 5)
      let part = whole.columns(1..<3).rows(1..<3)
      #expect(part.rows == 2 && part.columns == 2)
      #expect(part[0, 0] == 4 && part[1, 1] == 8)
      #expect(part.transposed.rows(1..<2)[0, 0] == 7)
      part.transposed[1, 0] = -1
      #expect(whole[1, 2] == -1)
    }
  }

  /// All eight ways to transpose the three matrices of a product give the sums written out.
  @Test(arguments: 0..<8) func productsAreTheSumsWrittenOut(transposes: Int) throws {
    let (m, n, k) = (5, 4, 3)
    func check<Element: BinaryFloatingPoint>(
      keep: Element,
      _ multiply: (DenseMatrix<Element>, DenseMatrix<Element>, DenseMatrix<Element>) -> Void
    ) {
      var storage = (0..<m * k + k * n + m * n).map { Element(($0 * 7) % 11) - 5 }
      storage.withUnsafeMutableBufferPointer { storage in
        guard let start = storage.baseAddress else { return }
        func matrix(_ start: UnsafeMutablePointer<Element>, _ rows: Int, _ columns: Int, _ bit: Int)
          -> DenseMatrix<Element>
        {
          transposes >> bit & 1 == 0
            ? DenseMatrix(start, rows: rows, columns: columns)
            : DenseMatrix(start, rows: columns, columns: rows).transposed
        }
        let a = matrix(start, m, k, 0)
        let b = matrix(start + m * k, k, n, 1)
        let c = matrix(start + m * k + k * n, m, n, 2)
        var expected: [Element] = []
        for i in 0..<m {
          for j in 0..<n {
            let sum = (0..<k).reduce(Element(0)) { $0 + a[i, $1] * b[$1, j] }
            expected.append(2 * sum + keep * c[i, j])
          }
        }
        multiply(a, b, c)
        #expect((0..<m * n).allSatisfy { c[$0 / n, $0 % n] == expected[$0] })
      }
    }
    check(keep: -1.0) { $2.multiply($0, $1, scale: 2, keep: -1) }
    let scratch = try Buffer(byteCount: Kernels.scratchBytes(k))
    check(keep: Float(0)) { $2.multiply($0, $1, scale: 2, scratch: scratch.pointer) }
    withExtendedLifetime(scratch) {}
  }
}
