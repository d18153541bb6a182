// Products against sums in Double, for every format and instruction set, at shapes that leave every
// kind of tail: tokens beside 3, 12 and 32, rows beside 4 and 32, inner lengths beside 256.
import SVFTTensor
import TestKit
import Testing

@Suite struct KernelsProductsTests {
  /// One case: y = x Wᵀ with W [rows, columns].
  struct Shape: CustomTestStringConvertible {
    let tokens, rows, columns: Int
    var testDescription: String { "\(tokens) × \(rows) × \(columns)" }

    /// The same with columns of whole blocks.
    func fitting(_ format: any ElementFormat) -> Shape {
      Shape(tokens: tokens, rows: rows, columns: format.width(columns))
    }
  }

  private static let shapes =
    (0...40).map { Shape(tokens: $0, rows: 37, columns: 64) }
    + (0...67).map { Shape(tokens: 5, rows: $0, columns: 32) }
    + (0...9).map { Shape(tokens: 1 + $0 % 3, rows: $0, columns: 96) }
    + (1...70).map { Shape(tokens: 1 + $0 % 3, rows: 6, columns: $0) }
    + [
      Shape(tokens: 25, rows: 300, columns: 544), Shape(tokens: 2, rows: 33, columns: 2080),
      Shape(tokens: 13, rows: 64, columns: 1024),
    ]

  /// Scratch for any product here, 64-byte aligned.
  private static func scratch(_ inner: Int) throws -> Buffer {
    try Buffer(byteCount: Kernels.scratchBytes(inner))
  }

  @Test(arguments: StoredCase.all, Kernels.instructionSets)
  func productsEqualSumsInDouble(
    _ stored: StoredCase, _ set: Kernels.InstructionSet
  ) throws {
    for shape in stored.few(Self.shapes).map({ $0.fitting(stored.format) }) {
      var numbers = TestNumbers(seed: shape.rows)
      let bytes = stored.sample(shape.rows * shape.columns, &numbers)
      let weights = decode(bytes, shape.rows * shape.columns, stored.format)
      let x = numbers.array(shape.tokens * shape.columns)
      let scratch = try Self.scratch(shape.columns)
      let ldy = shape.rows + 3
      var y = [Float](repeating: 7, count: shape.tokens * ldy)
      let first = stored.start(near: min(17, shape.rows / 2))
      try Kernels.with(set) {
        try stored.with(bytes, rows: shape.rows, columns: shape.columns) {
          $0.product(
            rows: first..<shape.rows, x, tokens: shape.tokens, into: &y, ldy: ldy,
            Kernels.Update(alpha: 0.5, accumulate: true), scratch: scratch.pointer)
        }
      }
      for t in 0..<shape.tokens {
        for r in 0..<ldy {
          var sum = 0.0
          for k in 0..<shape.columns where r >= first && r < shape.rows {
            sum += Double(weights[r * shape.columns + k]) * Double(x[t * shape.columns + k])
          }
          let tolerance = 1e-6 * Double(shape.columns).squareRoot() + 1e-6
          #expect(abs(Double(y[t * ldy + r]) - 7 - 0.5 * sum) < tolerance * 4, "\(shape) \(t) \(r)")
        }
      }
    }
  }

  @Test(arguments: StoredCase.all, Kernels.instructionSets)
  func transposedProductsEqualSumsInDouble(
    _ stored: StoredCase, _ set: Kernels.InstructionSet
  ) throws {
    let format = stored.format
    let plain = format.blockLength == 1
    let tails = (1...66).map { ($0 % 14, $0, plain ? 67 - $0 : 32) }
    for (tokens, rows, least) in [
      (1, 5, plain ? 37 : 64), (3, 300, 96), (13, 33, plain ? 45 : 32), (26, 257, 544), (5, 0, 32),
    ] + (plain ? tails : tails.filter { $0.1 % 11 == 0 }) {
      let columns = format.width(least)
      var numbers = TestNumbers(seed: rows)
      let bytes = stored.sample(rows * columns, &numbers)
      let weights = decode(bytes, rows * columns, stored.format)
      let ldg = rows + 2
      let g = numbers.array(tokens * ldg)
      let scratch = try Self.scratch(columns)
      // Whole blocks, or a part of a long one.
      let skipped =
        format.blockLength > 64 ? 96 : columns > format.blockLength ? format.blockLength : 0
      for accumulate in [false, true] {
        var dx = [Float](repeating: 7, count: tokens * columns)
        try Kernels.with(set) {
          try stored.with(bytes, rows: rows, columns: columns) {
            $0.transposedProduct(
              columns: skipped..<columns, g, ldg: ldg, tokens: tokens, into: &dx, ldx: columns,
              Kernels.Update(accumulate: accumulate), scratch: scratch.pointer)
          }
        }
        for t in 0..<tokens {
          for k in 0..<columns {
            var sum = accumulate || k < skipped ? 7.0 : 0.0
            for r in 0..<rows where k >= skipped {
              sum += Double(weights[r * columns + k]) * Double(g[t * ldg + r])
            }
            #expect(abs(Double(dx[t * columns + k]) - sum) < 6e-5, "\(tokens) \(rows) \(t) \(k)")
          }
        }
      }
    }
  }

  @Test(arguments: Kernels.instructionSets)
  func splittingRowsChangesNoBit(_ set: Kernels.InstructionSet) throws {
    for stored in StoredCase.all {
      let (rows, columns) = (101, stored.format.width(544))
      let scratch = try Self.scratch(columns)
      for tokens in [1, 3, 14] {
        var numbers = TestNumbers(seed: tokens)
        let bytes = stored.sample(rows * columns, &numbers)
        let x = numbers.array(tokens * columns)
        func result(_ step: Int) throws -> [Float] {
          var y = [Float](repeating: 0, count: tokens * rows)
          for first in stride(from: 0, to: rows, by: step) {
            try stored.with(bytes, rows: rows, columns: columns) {
              $0.product(
                rows: first..<min(rows, first + step), x, tokens: tokens, into: &y, ldy: rows,
                scratch: scratch.pointer)
            }
          }
          return y
        }
        try Kernels.with(set) {
          let whole = try result(rows)
          if stored.arrangement == .rows {
            #expect(try result(7) == whole)
            #expect(try result(1) == whole)
          }
          #expect(try result(16) == whole)
          #expect(try result(64) == whole)
        }
      }
    }
  }

  @Test(arguments: Kernels.instructionSets)
  func aTokenAloneAgreesWithItselfAmongOthers(_ set: Kernels.InstructionSet) throws {
    let (rows, columns, tokens) = (64, 512, 20)
    let scratch = try Self.scratch(columns)
    for stored in StoredCase.all {
      var numbers = TestNumbers(seed: 3)
      let bytes = stored.sample(rows * columns, &numbers)
      let x = numbers.array(tokens * columns)
      var together = [Float](repeating: 0, count: tokens * rows)
      var alone = together
      try Kernels.with(set) {
        try stored.with(bytes, rows: rows, columns: columns) {
          $0.product(
            rows: 0..<rows, x, tokens: tokens, into: &together, ldy: rows,
            scratch: scratch.pointer)
        }
        for t in 0..<tokens {
          try x.withUnsafeBufferPointer { x in
            try alone.withUnsafeMutableBufferPointer { alone in
              guard let x = x.baseAddress, let y = alone.baseAddress else { return }
              try stored.with(bytes, rows: rows, columns: columns) {
                $0.product(
                  rows: 0..<rows, x + t * columns, tokens: 1, into: y + t * rows, ldy: rows,
                  scratch: scratch.pointer)
              }
            }
          }
        }
      }
      for (a, b) in zip(alone, together) { #expect(abs(a - b) < 2e-5) }
    }
  }

  @Test(arguments: Kernels.instructionSets)
  func weightGradientsEqualSumsInDouble(_ set: Kernels.InstructionSet) throws {
    for (tokens, rows, columns) in [(0, 3, 5), (1, 13, 33), (300, 29, 67), (17, 12, 320)] {
      var numbers = TestNumbers(seed: rows)
      let ldg = rows + 1
      let g = numbers.array(tokens * ldg)
      let x = numbers.array(tokens * columns)
      let scratch = try Self.scratch(columns)
      var target = [Float](repeating: 1, count: rows * columns)
      Kernels.with(set) {
        Kernels.outerAccumulate(
          g, ldg: ldg, x, ldx: columns, tokens: tokens, rows: 1..<rows,
          columns: 1..<columns, into: &target, ldw: columns, scratch: scratch.pointer)
      }
      for r in 0..<rows {
        for k in 0..<columns {
          var sum = 1.0
          for t in 0..<tokens where r > 0 && k > 0 {
            sum += Double(g[t * ldg + r]) * Double(x[t * columns + k])
          }
          #expect(abs(Double(target[r * columns + k]) - sum) < 4e-5)
        }
      }
    }
  }

  /// Products with a thin side have a way of their own, but no bits of their own: the columns of a
  /// wide product are those of narrow ones, and its rows those of short ones.
  @Test(arguments: Kernels.instructionSets)
  func thinProductsHaveTheBitsOfWideOnes(_ set: Kernels.InstructionSet) throws {
    for inner in [1, 7, 256, 300, 515] {
      let (rows, columns) = (41, 70)
      var numbers = TestNumbers(seed: inner)
      let a = try Buffer(of: Float.self, count: rows * inner)
      let b = try Buffer(of: Float.self, count: inner * columns)
      _ = a.values(Float.self).update(fromContentsOf: numbers.array(rows * inner))
      _ = b.values(Float.self).update(fromContentsOf: numbers.array(inner * columns))
      let scratch = try Self.scratch(inner)
      func product(_ height: Int, _ width: Int, flipA: Bool, flipB: Bool) -> [UInt32] {
        var c = [Float](repeating: 2, count: rows * columns)
        for i in stride(from: 0, to: rows, by: height) {
          for j in stride(from: 0, to: columns, by: width) {
            let left = Kernels.Matrix(
              a.pointer.assumingMemoryBound(to: Float.self) + i * (flipA ? 1 : inner),
              rowStride: flipA ? 1 : inner,
              columnStride: flipA ? rows : 1)
            let right = Kernels.Matrix(
              b.pointer.assumingMemoryBound(to: Float.self) + j * (flipB ? inner : 1),
              rowStride: flipB ? 1 : columns,
              columnStride: flipB ? inner : 1)
            c.withUnsafeMutableBufferPointer { c in
              guard let target = c.baseAddress else { return }
              Kernels.multiply(
                rows: min(height, rows - i), columns: min(width, columns - j), inner: inner, left,
                right, into: target + i * columns + j, ldc: columns,
                Kernels.Update(alpha: 0.5, accumulate: true), scratch: scratch.pointer)
            }
          }
        }
        return c.map(\.bitPattern)
      }
      Kernels.with(set) {
        for (flipA, flipB) in [(false, false), (false, true), (true, false), (true, true)] {
          let whole = product(rows, columns, flipA: flipA, flipB: flipB)
          for (height, width) in [(rows, 32), (rows, 9), (rows, 1), (12, columns), (5, columns)] {
            #expect(
              product(height, width, flipA: flipA, flipB: flipB) == whole, "\(height) \(width)")
          }
        }
      }
    }
  }

  @Test(arguments: Kernels.instructionSets)
  func everyOrientationOfAMatrixMultiplies(_ set: Kernels.InstructionSet) throws {
    let (rows, columns, inner) = (19, 41, 270)
    var numbers = TestNumbers(seed: 4)
    let a = numbers.array(rows * inner)
    let b = numbers.array(inner * columns)
    let scratch = try Self.scratch(inner)
    for flipA in [false, true] {
      for flipB in [false, true] {
        var c = [Float](repeating: 0, count: rows * columns)
        a.withUnsafeBufferPointer { aValues in
          b.withUnsafeBufferPointer { bValues in
            guard let ap = aValues.baseAddress, let bp = bValues.baseAddress else { return }
            let left = Kernels.Matrix(
              ap, rowStride: flipA ? 1 : inner, columnStride: flipA ? rows : 1)
            let right = Kernels.Matrix(
              bp, rowStride: flipB ? 1 : columns, columnStride: flipB ? inner : 1)
            Kernels.with(set) {
              Kernels.multiply(
                rows: rows, columns: columns, inner: inner, left, right, into: &c, ldc: columns,
                Kernels.Update(alpha: 2), scratch: scratch.pointer)
            }
          }
        }
        for i in 0..<rows {
          for j in 0..<columns {
            let sum = (0..<inner).reduce(0.0) {
              let left = flipA ? a[$1 * rows + i] : a[i * inner + $1]
              let right = flipB ? b[j * inner + $1] : b[$1 * columns + j]
              return $0 + Double(left) * Double(right)
            }
            #expect(abs(Double(c[i * columns + j]) - 2 * sum) < 4e-5)
          }
        }
      }
    }
  }
}
