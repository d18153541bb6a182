// Rounded activations and the products over them: codes as Q8_0 has them, sums as in Double over
// the rounded values, for every format that takes them, both arrangements and every instruction
// set.
import SVFTTensor
import TestKit
import Testing

@Suite struct KernelsFormatTests {
  /// `tokens` rows of activations as a matrix takes them, and their values as Q8_0 decodes them.
  private static func rounded(
    _ x: [Float], tokens: Int, for matrix: Kernels.StoredMatrix
  ) throws -> (Buffer, [Float]) {
    let bytes = try Buffer(byteCount: tokens * Kernels.quantizedRowBytes(matrix.columns))
    for part in 0..<matrix.roundingParts(tokens: tokens) {
      matrix.round(part: part, of: x, tokens: tokens, into: bytes.pointer)
    }
    return (bytes, decode(encode(x, Q8_0()), x.count, Q8_0()))
  }

  /// Tiles of several tokens are covered by the products, which read nothing else.
  @Test(arguments: Kernels.instructionSets)
  func roundedTokensHoldTheCodesOfQ8_0(_ set: Kernels.InstructionSet) throws {
    var numbers = TestNumbers(seed: 9)
    let (tokens, columns) = (3, 96)
    let x = numbers.array(tokens * columns)
    let expected = encode(x, Q8_0())
    let weights = encode(numbers.array(columns), Q8_0())
    let (bytes, _) = try weights.withUnsafeBytes { weights in
      let start = try #require(weights.baseAddress)
      let matrix = Kernels.StoredMatrix(Q8_0(), start, rows: 1, columns: columns)
      return try Kernels.with(set) { try Self.rounded(x, tokens: tokens, for: matrix) }
    }
    for block in 0..<tokens * columns / 32 {
      let place = bytes.pointer + 48 * block
      let codes = (place + 8).assumingMemoryBound(to: Int8.self)
      let offset = (place + 4).loadUnaligned(as: Int32.self)
      let reference = expected[block * 34 + 2..<block * 34 + 34]
      #expect((0..<32).map { UInt8(bitPattern: codes[$0]) } == Array(reference))
      #expect(offset == -128 * (0..<32).map { Int32(codes[$0]) }.reduce(0, +))
      let first = (place + 40).loadUnaligned(as: Int32.self)
      #expect(first == -128 * (0..<16).map { Int32(codes[$0]) }.reduce(0, +))
      let scale = place.loadUnaligned(as: Float.self)
      let sum = (place + 44).loadUnaligned(as: Float.self)
      #expect(sum == scale * Float(offset) / -128)
    }
  }

  @Test(arguments: StoredCase.integer, Kernels.instructionSets)
  func integerProductsEqualSumsOverRoundedValues(
    _ stored: StoredCase, _ set: Kernels.InstructionSet
  ) throws {
    var shapes = (0...27).map { (tokens: $0, rows: 37, columns: 64) }
    shapes += (0...67).map { (tokens: 5, rows: $0, columns: 32) }
    shapes += (48...61).map { (tokens: $0, rows: 53, columns: 288) }
    shapes += [(13, 130, 2080), (1, 9, 4096), (25, 33, 12_320), (52, 230, 2336)]
    for (tokens, rows, least) in stored.few(shapes) {
      let columns = stored.format.width(least)
      var numbers = TestNumbers(seed: tokens + rows)
      let bytes = stored.sample(rows * columns, &numbers)
      let weights = decode(bytes, rows * columns, stored.format)
      let scratch = try Buffer(byteCount: Kernels.scratchBytes(columns))
      let first = stored.start(near: min(18, rows / 2))
      var y = [Float](repeating: 7, count: tokens * rows)
      let x = try Kernels.with(set) {
        try stored.with(bytes, rows: rows, columns: columns) { matrix in
          let (rounded, values) = try Self.rounded(
            numbers.array(tokens * columns), tokens: tokens, for: matrix)
          matrix.integerProduct(
            rows: first..<rows, rounded.pointer, tokens: tokens, into: &y, ldy: rows,
            scratch: scratch.pointer)
          return values
        }
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
  func aTokenThatIsNoNumberHasNoProducts(
    _ stored: StoredCase, _ set: Kernels.InstructionSet
  ) throws {
    let (tokens, rows, columns) = (5, 37, stored.format.width(96))
    var numbers = TestNumbers(seed: 4)
    let bytes = stored.sample(rows * columns, &numbers)
    let scratch = try Buffer(byteCount: Kernels.scratchBytes(columns))
    for (bad, value) in [(0, Float.nan), (2, .nan), (4, .infinity)] {
      var x = numbers.array(tokens * columns)
      x[bad * columns + 40] = value
      var y = [Float](repeating: 7, count: tokens * rows)
      try Kernels.with(set) {
        try stored.with(bytes, rows: rows, columns: columns) { matrix in
          let (rounded, _) = try Self.rounded(x, tokens: tokens, for: matrix)
          matrix.integerProduct(
            rows: 0..<rows, rounded.pointer, tokens: tokens, into: &y, ldy: rows,
            scratch: scratch.pointer)
        }
      }
      for t in 0..<tokens {
        let row = y[t * rows..<(t + 1) * rows]
        #expect(row.allSatisfy { $0.isFinite == (t != bad) })
      }
    }
  }

  /// y of rounded activations times `bytes` in one arrangement.
  private static func product(
    _ stored: StoredCase, _ bytes: [UInt8], _ x: [Float], tokens: Int, rows: Int, columns: Int
  ) throws -> [Float] {
    let scratch = try Buffer(byteCount: Kernels.scratchBytes(columns))
    var y = [Float](repeating: 7, count: tokens * rows)
    try stored.with(bytes, rows: rows, columns: columns) { matrix in
      let (rounded, _) = try Self.rounded(x, tokens: tokens, for: matrix)
      matrix.integerProduct(
        rows: 0..<rows, rounded.pointer, tokens: tokens, into: &y, ldy: rows,
        scratch: scratch.pointer)
    }
    return y
  }

  /// Steps go on while a matrix comes into strips: they must not see when. One strip of the widest
  /// is all that scratch has room for.
  @Test(arguments: StoredCase.integerStrips, Kernels.instructionSets)
  func rowsAsStripsGiveTheBitsOfStrips(
    _ stored: StoredCase, _ set: Kernels.InstructionSet
  ) throws {
    var shapes = [1, 2, 15, 16, 17, 32, 47, 65].map { (tokens: 50, rows: $0, columns: 96) }
    shapes += (1...14).map { (tokens: $0, rows: 33, columns: 288) }
    if stored.format.name == "Q8_0" { shapes.append((tokens: 49, rows: 40, columns: 98_304)) }
    for (tokens, rows, least) in shapes {
      let columns = stored.format.width(least)
      var numbers = TestNumbers(seed: rows * tokens)
      let bytes = stored.sample(rows * columns, &numbers)
      let x = numbers.array(tokens * columns)
      let (strips, lying) = try Kernels.with(set) {
        let both = [.strips, .rowsAsStrips].map {
          StoredCase(format: stored.format, arrangement: $0)
        }
        return (
          try Self.product(both[0], bytes, x, tokens: tokens, rows: rows, columns: columns),
          try Self.product(both[1], bytes, x, tokens: tokens, rows: rows, columns: columns)
        )
      }
      let areSame = lying.map(\.bitPattern) == strips.map(\.bitPattern)
      #expect(areSame, "\(tokens) tokens, \(rows) × \(columns)")
    }
  }

  /// Many tokens meet strips that are opened for them, a part of the columns after the other; the
  /// rows of a matrix come in several rounds.
  @Test(arguments: StoredCase.integerStrips, Kernels.instructionSets)
  func manyTokensGetTheBitsOfFew(_ stored: StoredCase, _ set: Kernels.InstructionSet) throws {
    for (tokens, rows, least) in [(49, 250, 2048), (55, 37, 4384), (64, 16, 32)] {
      let columns = stored.format.width(least)
      var numbers = TestNumbers(seed: tokens)
      let bytes = stored.sample(rows * columns, &numbers)
      let x = numbers.array(tokens * columns)
      func product(_ part: Range<Int>) throws -> [Float] {
        try Self.product(
          stored, bytes, Array(x[part.lowerBound * columns..<part.upperBound * columns]),
          tokens: part.count, rows: rows, columns: columns)
      }
      let (together, apart) = try Kernels.with(set) {
        (try product(0..<tokens), try product(0..<30) + product(30..<tokens))
      }
      let areSame = together.map(\.bitPattern) == apart.map(\.bitPattern)
      #expect(areSame, "\(tokens) tokens, \(rows) × \(columns)")
    }
  }

  @Test(arguments: StoredCase.integer, Kernels.instructionSets)
  func splittingRowsChangesNoBit(
    _ stored: StoredCase, _ set: Kernels.InstructionSet
  ) throws {
    let (rows, columns) = (75, 512)
    let scratch = try Buffer(byteCount: Kernels.scratchBytes(columns))
    for tokens in [1, 3, 14] {
      var numbers = TestNumbers(seed: tokens)
      let bytes = stored.sample(rows * columns, &numbers)
      let x = numbers.array(tokens * columns)
      func result(_ step: Int) throws -> [Float] {
        var y = [Float](repeating: 0, count: tokens * rows)
        try stored.with(bytes, rows: rows, columns: columns) { matrix in
          let (rounded, _) = try Self.rounded(x, tokens: tokens, for: matrix)
          for first in stride(from: 0, to: rows, by: step) {
            matrix.integerProduct(
              rows: first..<min(rows, first + step), rounded.pointer, tokens: tokens, into: &y,
              ldy: rows, scratch: scratch.pointer)
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
