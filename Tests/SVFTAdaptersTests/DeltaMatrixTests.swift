// Dense matrices: products in both orientations, rows moved, empty ones.
import SVFTAdapters
import SVFTTensor
import Testing

extension DeltaMatrix {
  /// Random numbers that depend on the purpose alone.
  static func random(_ rows: Int, _ columns: Int, _ purpose: String) throws -> DeltaMatrix {
    let matrix = try DeltaMatrix(rows: rows, columns: columns)
    var random = RandomSource(seed: 5, purpose: purpose)
    matrix.pass { values in
      for index in 0..<rows * columns { values[index] = Float(random.normal()) }
    }
    return matrix
  }

  /// A matrix of these numbers.
  static func of(_ rows: Int, _ columns: Int, _ numbers: [Float]) throws -> DeltaMatrix {
    let matrix = try DeltaMatrix(rows: rows, columns: columns)
    matrix.pass { values in
      for index in 0..<rows * columns { values[index] = numbers[index] }
    }
    return matrix
  }

  /// The numbers, row by row.
  var array: [Float] {
    pass { values in (0..<rows * columns).map { values[$0] } }
  }

  private func pass<Result>(_ body: (UnsafeMutablePointer<Float>) -> Result) -> Result {
    defer { withExtendedLifetime(buffer) {} }
    return body(buffer.pointer.assumingMemoryBound(to: Float.self))
  }
}

/// ‖a − b‖² / ‖a‖².
func shareOfDifference(_ a: [Float], _ b: [Float]) -> Double {
  guard a.count == b.count else { return .infinity }
  var (lost, whole) = (0.0, 0.0)
  for (x, y) in zip(a, b) {
    lost += (Double(x) - Double(y)) * (Double(x) - Double(y))
    whole += Double(x) * Double(x)
  }
  return whole > 0 ? lost / whole : lost
}

@Suite struct DeltaMatrixTests {
  @Test(arguments: [(1, 1, 1), (5, 7, 3), (130, 33, 65)], [false, true])
  func productsAreSumsOfProducts(shape: (Int, Int, Int), transposed: Bool) throws {
    let (m, k, n) = shape
    let a = try DeltaMatrix.random(m, k, "a")
    let b =
      try transposed ? DeltaMatrix.random(n, k, "b") : DeltaMatrix.random(k, n, "b")
    let (x, y) = (a.array, b.array)
    let expected = (0..<m * n).map { index in
      let (i, j) = (index / n, index % n)
      return (0..<k).reduce(Float(0)) { sum, p in
        sum + x[i * k + p] * (transposed ? y[j * k + p] : y[p * n + j])
      }
    }
    let found = try a.times(b, transposed: transposed, threads: 3)
    #expect([found.rows, found.columns] == [m, n])
    #expect(shareOfDifference(expected, found.array) < 1e-11)
    #expect(try a.times(b, transposed: transposed).array == found.array)
  }

  @Test func emptyOnesAreLegalAndOthersMustFit() throws {
    let (a, b) = (try DeltaMatrix(rows: 3, columns: 0), try DeltaMatrix(rows: 0, columns: 4))
    #expect(try a.times(b).array == [Float](repeating: 0, count: 12))
    #expect(a.energy() == 0)
    #expect(throws: SVFTError.self) { try b.times(a) }
    #expect(throws: SVFTError.self) { try DeltaMatrix(rows: 3, columns: 3, sharing: a.buffer) }
  }

  @Test func rowsGoWhereTheyAreSent() throws {
    let a = try DeltaMatrix.of(3, 2, [1, 2, 3, 4, 5, 6])
    #expect(try a.placingRows { 2 - $0 }.array == [5, 6, 3, 4, 1, 2])
    #expect(a.energy() == 91)
  }
}
