// Rounded activations and the products over them: codes as Q8_0 has them, sums as in Double over
// the rounded values, for every format that takes them, both arrangements and every instruction
// set.
import SVFTTensor
import TestKit
import Testing

@Suite struct KernelsFormatTests {
  /// `rows` rows of activations, rounded, with their values as Q8_0 decodes them.
  private static func rounded(_ x: [Float], rows: Int, columns: Int) throws -> (Buffer, [Float]) {
    let bytes = try Buffer(byteCount: rows * Kernels.quantizedRowBytes(columns))
    Kernels.quantizeRows(x, ldx: columns, rows: rows, columns: columns, into: bytes.pointer)
    return (bytes, decode(encode(x, Q8_0()), x.count, Q8_0()))
  }

  @Test(arguments: Kernels.instructionSets)
  func roundedRowsHoldTheCodesOfQ8_0(_ set: Kernels.InstructionSet) throws {
    var numbers = TestNumbers(seed: 9)
    let (rows, columns) = (3, 96)
    let x = numbers.array(rows * columns)
    let expected = encode(x, Q8_0())
    let (bytes, _) = try Kernels.with(set) { try Self.rounded(x, rows: rows, columns: columns) }
    for row in 0..<rows {
      let start = bytes.pointer + row * Kernels.quantizedRowBytes(columns)
      for block in 0..<columns / 32 {
        let codes = (start + 8 * (columns / 32) + 32 * block).assumingMemoryBound(to: Int8.self)
        let offset = (start + 4 * (columns / 32)).assumingMemoryBound(to: Int32.self)[block]
        let reference = expected[
          (row * (columns / 32) + block) * 34 + 2..<(row * (columns / 32) + block) * 34 + 34]
        #expect((0..<32).map { UInt8(bitPattern: codes[$0]) } == Array(reference))
        #expect(offset == -128 * (0..<32).reduce(Int32(0)) { $0 + Int32(codes[$1]) })
      }
    }
  }

  @Test(arguments: StoredCase.integer, Kernels.instructionSets)
  func integerProductsEqualSumsOverRoundedValues(
    _ stored: StoredCase, _ set: Kernels.InstructionSet
  ) throws {
    var shapes = (0...27).map { (tokens: $0, rows: 37, columns: 64) }
    shapes += (0...67).map { (tokens: 5, rows: $0, columns: 32) }
    shapes += [(13, 130, 2080), (1, 9, 4096), (25, 33, 12_320)]
    for (tokens, rows, columns) in shapes {
      var numbers = TestNumbers(seed: tokens + rows)
      let bytes = encode(numbers.array(rows * columns), stored.format)
      let weights = decode(bytes, rows * columns, stored.format)
      let scratch = try Buffer(byteCount: Kernels.scratchBytes(columns))
      let first = stored.start(near: min(18, rows / 2))
      var y = [Float](repeating: 7, count: tokens * rows)
      let x = try Kernels.with(set) {
        let (rounded, values) = try Self.rounded(
          numbers.array(tokens * columns), rows: tokens, columns: columns)
        try stored.with(bytes, rows: rows, columns: columns) {
          $0.integerProduct(
            rows: first..<rows, rounded.pointer, tokens: tokens, into: &y, ldy: rows,
            scratch: scratch.pointer)
        }
        return values
      }
      for t in 0..<tokens {
        for r in 0..<rows {
          var sum = r < first ? 7.0 : 0.0
          for k in 0..<columns where r >= first {
            sum += Double(weights[r * columns + k]) * Double(x[t * columns + k])
          }
          let found = Double(y[t * rows + r])
          #expect(
            abs(found - sum) < 2e-6 * Double(columns).squareRoot(), "\(tokens) \(rows) \(columns)")
        }
      }
    }
  }

  @Test(arguments: StoredCase.integer, Kernels.instructionSets)
  func splittingRowsChangesNoBit(
    _ stored: StoredCase, _ set: Kernels.InstructionSet
  ) throws {
    let (rows, columns) = (75, 256)
    let scratch = try Buffer(byteCount: Kernels.scratchBytes(columns))
    for tokens in [1, 3, 14] {
      var numbers = TestNumbers(seed: tokens)
      let bytes = encode(numbers.array(rows * columns), stored.format)
      let (x, _) = try Self.rounded(numbers.array(tokens * columns), rows: tokens, columns: columns)
      func result(_ step: Int) throws -> [Float] {
        var y = [Float](repeating: 0, count: tokens * rows)
        for first in stride(from: 0, to: rows, by: step) {
          try stored.with(bytes, rows: rows, columns: columns) {
            $0.integerProduct(
              rows: first..<min(rows, first + step), x.pointer, tokens: tokens, into: &y, ldy: rows,
              scratch: scratch.pointer)
          }
        }
        return y
      }
      try Kernels.with(set) {
        let whole = try result(rows)
        #expect(try result(16) == whole)
        #expect(try result(32) == whole)
      }
    }
  }
}
