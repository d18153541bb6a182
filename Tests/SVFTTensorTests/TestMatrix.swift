// The kinds of matrices a decomposition has to stand: methods.md's list and a few that hurt.
import Glibc
import SVFTTensor
import Testing

/// A matrix with a name for test reports.
struct TestMatrix: Sendable, CustomTestStringConvertible {
  let name: String
  let rows: Int
  let columns: Int
  let values: [Float]
  /// Whether all σ are clearly different and none is zero, so that the vectors are determined.
  var isDistinct = false

  var testDescription: String { "\(name) [\(rows), \(columns)]" }

  init(_ name: String, _ rows: Int, _ columns: Int, _ value: (Int, Int) -> Float) {
    self.name = name
    self.rows = rows
    self.columns = columns
    values = (0..<rows * columns).map { value($0 / columns, $0 % columns) }
  }

  static func random(_ rows: Int, _ columns: Int, seed: UInt64 = 1) -> TestMatrix {
    var source = RandomSource(seed: seed, purpose: "matrix \(rows) \(columns)")
    var matrix = TestMatrix("random", rows, columns) { _, _ in Float(source.normal()) }
    matrix.isDistinct = true
    return matrix
  }

  /// A product of random factors of exactly this rank.
  static func deficient(_ rows: Int, _ columns: Int, rank: Int) -> TestMatrix {
    var source = RandomSource(seed: 2, purpose: "deficient")
    // Small whole numbers: the product is exact in F32, so the rank is too.
    let left = (0..<rows * rank).map { _ in Float(source.below(7) - 3) }
    let right = (0..<rank * columns).map { _ in Float(source.below(7) - 3) }
    return TestMatrix("rank \(rank)", rows, columns) { i, k in
      (0..<rank).reduce(0) { $0 + left[i * rank + $1] * right[$1 * columns + k] }
    }
  }

  /// Random directions, columns (or rows) falling over `decades` in size.
  static func falling(_ rows: Int, _ columns: Int, decades: Double, alongRows: Bool = false)
    -> TestMatrix
  {
    var source = RandomSource(seed: 3, purpose: "falling")
    let last = Double((alongRows ? rows : columns) - 1)
    let sizes = (0..<max(rows, columns)).map { Float.pow10(-decades * Double($0) / last) }
    return TestMatrix("falling 1e-\(Int(decades))", rows, columns) { i, k in
      Float(source.normal()) * sizes[alongRows ? i : k]
    }
  }

  static let all: [TestMatrix] = [
    // Beyond one panel of 256 and several blocks of 64.
    random(270, 260), random(66, 300), deficient(280, 262, rank: 100),
    falling(90, 70, decades: 6), falling(70, 90, decades: 12), falling(60, 60, decades: 12),
    falling(50, 80, decades: 9, alongRows: true), falling(70, 70, decades: 4),
    // Every σ twice.
    TestMatrix("pairs", 40, 60) { i, k in k % 40 == (i + 7) % 40 ? Float(1 + i / 2) : 0 },
    // Two copies of each column, so that half of the directions are null, and a zero half.
    TestMatrix("copied columns", 45, 40) { i, k in Float((i * 7 + k / 2 * 13) % 11) - 5 },
    TestMatrix("zero rows", 50, 30) { i, k in i < 12 ? Float((i * 5 + k * k * 3) % 13) - 6 : 0 },

    random(24, 24), random(40, 17), random(17, 40), random(2, 65), random(65, 2),
    deficient(20, 20, rank: 5), deficient(12, 30, rank: 3), deficient(30, 12, rank: 11),
    TestMatrix("identity", 16, 16) { $0 == $1 ? 1 : 0 },
    TestMatrix("identity", 9, 16) { $0 == $1 ? 1 : 0 },
    TestMatrix("negative identity", 16, 7) { $0 == $1 ? -1 : 0 },
    // Hadamard: all σ equal, no entry zero.
    TestMatrix("hadamard", 16, 16) { ($0 & $1).nonzeroBitCount % 2 == 0 ? 1 : -1 },
    TestMatrix("two equal halves", 10, 20) { i, k in k % 10 == i ? Float(1 + i / 2) : 0 },
    TestMatrix("ones", 13, 8) { _, _ in 1 },
    TestMatrix("zero", 5, 9) { _, _ in 0 }, TestMatrix("zero", 9, 5) { _, _ in 0 },
    TestMatrix("row", 1, 30) { _, k in Float(k) - 7.5 },
    TestMatrix("column", 30, 1) { i, _ in 3 - Float(i) },
    TestMatrix("number", 1, 1) { _, _ in -4 }, TestMatrix("zero", 1, 1) { _, _ in 0 },
    TestMatrix("zero row", 1, 6) { _, _ in 0 }, TestMatrix("zero column", 6, 1) { _, _ in 0 },
    TestMatrix("one entry", 7, 11) { $0 == 4 && $1 == 6 ? -2 : 0 },
    // Graded: σ over 14 decades, the smallest ones below the rounding of the largest.
    TestMatrix("graded", 15, 15) { i, k in
      (1 + Float((i * 7 + k * 3) % 5)) * Float(sign: .plus, exponent: -3 * i, significand: 1)
    },
    TestMatrix("hilbert", 14, 14) { 1 / Float($0 + $1 + 1) },
    TestMatrix("huge", 6, 8) { i, k in (Float((i * 5 + k * 3) % 7) - 3) * 1e37 },
    TestMatrix("tiny", 8, 6) { i, k in (Float((i * 5 + k * 3) % 7) - 3) * 0x1p-140 },
  ]
}

extension Float {
  /// 10 to a power.
  fileprivate static func pow10(_ exponent: Double) -> Float { Float(pow(10, exponent)) }
}
