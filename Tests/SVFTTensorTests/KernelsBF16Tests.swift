// Products of matrices `inBF16` against sums in Double of numbers rounded to BF16, at shapes that
// leave every kind of tail, with the processor's instructions and with what spells them out.
import SVFTTensor
import TestKit
import Testing

@Suite(
  .enabled(
    if: Kernels.instructionSets.contains(.avx512bf16),
    "products in BF16 need a processor with avx512vnni"))
struct KernelsBF16Tests {
  /// By which instructions BF16 is multiplied.
  enum Form: CaseIterable { case own, spelledOut }

  static let forms = Kernels.hasBF16Instructions ? Form.allCases : [.spelledOut]

  /// Runs `body` where BF16 is multiplied in this form.
  static func with<Result>(_ form: Form, _ body: () throws -> Result) throws -> Result {
    try Kernels.with(.avx512bf16) {
      form == .own ? try body() : try Kernels.spellingOutBF16(body)
    }
  }

  /// Tokens, rows and columns.
  struct Shape: CustomTestStringConvertible {
    let tokens, rows, columns: Int
    var testDescription: String { "\(tokens) × \(rows) × \(columns)" }
    var longest: Int { max(rows, columns) }
  }

  private static func shapes(_ stored: StoredCase) -> [Shape] {
    let format = stored.format
    let step = format.blockLength
    let shapes =
      (1...40).map { Shape(tokens: $0, rows: 37, columns: 64) }
      + (1...70).map { Shape(tokens: 34, rows: $0, columns: 32) }
      + (1...(step > 32 ? 9 : 70)).map {
        Shape(tokens: 34, rows: 33, columns: $0 * (step > 32 ? step : 1))
      }
      + (1...13).map { Shape(tokens: 7, rows: 5, columns: step == 1 ? $0 : 32 * $0) }
      + [
        Shape(tokens: 35, rows: 70, columns: step == 1 ? 1031 : 1056),
        Shape(tokens: 33, rows: 1031, columns: step == 1 ? 303 : 288),
        Shape(tokens: 520, rows: 33, columns: 64),
      ]
    return stored.few(shapes).map {
      Shape(tokens: $0.tokens, rows: $0.rows, columns: format.width($0.columns))
    }
  }

  private static func rounded(_ values: [Float]) throws -> [Float] {
    let format = try ElementFormats.required("BF16")
    return decode(encode(values, format), values.count, format)
  }

  /// What is left unrounded: few tokens and rows of another format (Kernels+StoredMatrix.swift).
  private static func isExact(_ stored: StoredCase, _ shape: Shape) -> Bool {
    guard stored.arrangement == .rows, stored.format.name != "BF16" else { return false }
    if stored.format.name == "NF4" { return shape.tokens <= 12 }
    return shape.tokens <= (stored.format.blockLength == 1 ? 32 : 3)
  }

  /// Strips of NF4 as dots of few tokens take them: points are rounded, scales are not.
  private static func roundedPoints(_ values: [Float], _ bytes: [UInt8]) throws -> [Double] {
    let scales = values.indices.map { place in
      bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place / 64 * 36, as: Float.self) }
    }
    let points = try rounded(zip(values, scales).map { $1 == 0 ? 0 : $0 / $1 })
    return zip(points, scales).map { Double($0) * Double($1) }
  }

  /// Operands of one product, as it takes them.
  private struct Operands {
    let bytes: [UInt8]
    let x: [Float]
    let weights: [Double]
    let activations: [Double]

    init(
      _ stored: StoredCase, _ shape: Shape, inner: Int, isExact: Bool, keepsScales: Bool = false
    ) throws {
      var numbers = TestNumbers(seed: shape.rows + shape.columns)
      bytes = stored.sample(shape.rows * shape.columns, &numbers)
      x = numbers.array(shape.tokens * inner)
      let values = decode(bytes, shape.rows * shape.columns, stored.format)
      weights =
        keepsScales
        ? try roundedPoints(values, bytes)
        : (isExact ? values : try rounded(values)).map(Double.init)
      activations = (isExact ? x : try rounded(x)).map(Double.init)
    }
  }

  /// Sums of magnitudes bound what additions in F32 lose.
  private static func isNear(_ found: Float, _ sum: Double, _ magnitudes: Double) -> Bool {
    abs(Double(found) - sum) <= 4e-7 * (magnitudes + 7)
  }

  @Test(arguments: StoredCase.all, forms)
  func productsEqualSumsOfRoundedNumbers(_ stored: StoredCase, _ form: Form) throws {
    for shape in Self.shapes(stored) {
      let (rows, columns, ldy) = (shape.rows, shape.columns, shape.rows + 3)
      let operands = try Operands(
        stored, shape, inner: columns, isExact: Self.isExact(stored, shape),
        keepsScales: stored.format.name == "NF4" && stored.arrangement != .rows
          && shape.tokens <= 12)
      let scratch = try Buffer(byteCount: Kernels.scratchBytes(shape.longest))
      let first = stored.start(near: min(17, rows / 2))
      var y = [Float](repeating: 7, count: shape.tokens * ldy)
      try Self.with(form) {
        try stored.with(operands.bytes, rows: rows, columns: columns) {
          $0.inBF16.product(
            rows: first..<rows, operands.x, tokens: shape.tokens, into: &y, ldy: ldy,
            Kernels.Update(alpha: 0.5, accumulate: true), scratch: scratch.pointer)
        }
      }
      for place in y.indices {
        let (t, r) = (place / ldy, place % ldy)
        var (sum, magnitudes) = (7.0, 0.0)
        for k in 0..<columns where r >= first && r < rows {
          let term = 0.5 * operands.weights[r * columns + k] * operands.activations[t * columns + k]
          sum += term
          magnitudes += abs(term)
        }
        #expect(Self.isNear(y[place], sum, magnitudes), "\(shape) \(t) \(r)")
      }
    }
  }

  @Test(arguments: StoredCase.all, forms)
  func transposedProductsEqualSumsOfRoundedNumbers(_ stored: StoredCase, _ form: Form) throws {
    for shape in Self.shapes(stored) {
      let (rows, columns) = (shape.rows, shape.columns)
      let operands = try Operands(stored, shape, inner: rows, isExact: false)
      let scratch = try Buffer(byteCount: Kernels.scratchBytes(shape.longest))
      let length = stored.format.blockLength
      let skipped = length > 64 ? 96 : columns > length ? length : 0
      var dx = [Float](repeating: 7, count: shape.tokens * columns)
      try Self.with(form) {
        try stored.with(operands.bytes, rows: rows, columns: columns) {
          $0.inBF16.transposedProduct(
            columns: skipped..<columns, operands.x, ldg: rows, tokens: shape.tokens, into: &dx,
            ldx: columns, scratch: scratch.pointer)
        }
      }
      for place in dx.indices {
        let (t, k) = (place / columns, place % columns)
        var (sum, magnitudes) = (k < skipped ? 7.0 : 0, 0.0)
        for r in 0..<rows where k >= skipped {
          let term = operands.weights[r * columns + k] * operands.activations[t * rows + r]
          sum += term
          magnitudes += abs(term)
        }
        #expect(Self.isNear(dx[place], sum, magnitudes), "\(shape) \(t) \(k)")
      }
    }
  }

  /// Both operands in F32, either way round, with every kind of tail.
  @Test(arguments: forms, 0..<4)
  func denseProductsEqualSumsOfRoundedNumbers(_ form: Form, orientation: Int) throws {
    let (flipA, flipB) = (orientation % 2 == 1, orientation / 2 == 1)
    var sizes = (1...34).map { ($0, 33, 5) }
    sizes += (1...70).map { (13, $0, 6) }
    sizes += (1...40).map { (14, 34, $0) }
    for (rows, columns, inner) in sizes + [(25, 290, 1031)] {
      var numbers = TestNumbers(seed: rows + columns)
      let (a, b) = (numbers.array(rows * inner), numbers.array(inner * columns))
      let (left, right) = (try Self.rounded(a), try Self.rounded(b))
      let scratch = try Buffer(byteCount: Kernels.scratchBytes(max(inner, columns)))
      var c = [Float](repeating: 7, count: rows * columns)
      try a.withUnsafeBufferPointer { a in
        try b.withUnsafeBufferPointer { b in
          guard let a = a.baseAddress, let b = b.baseAddress else { return }
          try Self.with(form) {
            Kernels.multiply(
              rows: rows, columns: columns, inner: inner,
              Kernels.Matrix(
                a, rowStride: flipA ? 1 : inner, columnStride: flipA ? rows : 1),
              Kernels.Matrix(
                b, rowStride: flipB ? 1 : columns, columnStride: flipB ? inner : 1),
              into: &c, ldc: columns, Kernels.Update(alpha: 0.5, accumulate: true), inBF16: true,
              scratch: scratch.pointer)
          }
        }
      }
      for place in c.indices {
        let (i, j) = (place / columns, place % columns)
        var (sum, magnitudes) = (7.0, 0.0)
        for p in 0..<inner {
          let x = left[flipA ? p * rows + i : i * inner + p]
          let term = 0.5 * Double(x) * Double(right[flipB ? j * inner + p : p * columns + j])
          sum += term
          magnitudes += abs(term)
        }
        #expect(Self.isNear(c[place], sum, magnitudes), "\(rows) \(columns) \(inner) \(place)")
      }
    }
  }

  /// y of some rows at a time, in bits.
  private static func bits(
    _ stored: StoredCase, _ bytes: [UInt8], _ x: [Float], _ shape: Shape, step: Int
  ) throws -> [UInt32] {
    let scratch = try Buffer(byteCount: Kernels.scratchBytes(shape.longest))
    var y = [Float](repeating: 0, count: shape.tokens * shape.rows)
    for first in stride(from: 0, to: shape.rows, by: step) {
      try stored.with(bytes, rows: shape.rows, columns: shape.columns) {
        $0.inBF16.product(
          rows: first..<min(shape.rows, first + step), x, tokens: shape.tokens, into: &y,
          ldy: shape.rows, scratch: scratch.pointer)
      }
    }
    return y.map(\.bitPattern)
  }

  @Test(arguments: StoredCase.all, forms)
  func splittingRowsChangesNoBit(_ stored: StoredCase, _ form: Form) throws {
    for tokens in [1, 3, 14, 40] {
      let shape = Shape(tokens: tokens, rows: 101, columns: stored.format.width(544))
      let operands = try Operands(stored, shape, inner: shape.columns, isExact: true)
      try Self.with(form) {
        let whole = try Self.bits(stored, operands.bytes, operands.x, shape, step: 101)
        for step in stored.arrangement == .rows ? [1, 7, 16, 64] : [16, 64] {
          let parts = try Self.bits(stored, operands.bytes, operands.x, shape, step: step)
          #expect(parts == whole)
        }
      }
    }
  }

  @Test(arguments: forms) func fewTokensOfBF16HaveTheBitsOfEachAlone(_ form: Form) throws {
    let stored = try #require(StoredCase.all.first { $0.format.name == "BF16" })
    let shape = Shape(tokens: 32, rows: 21, columns: 301)
    let operands = try Operands(stored, shape, inner: 301, isExact: true)
    try Self.with(form) {
      let together = try Self.bits(stored, operands.bytes, operands.x, shape, step: 21)
      for t in 0..<shape.tokens {
        let alone = try Self.bits(
          stored, operands.bytes, Array(operands.x[t * 301..<(t + 1) * 301]),
          Shape(tokens: 1, rows: 21, columns: 301), step: 21)
        #expect(alone == Array(together[t * 21..<(t + 1) * 21]))
      }
    }
  }

  @Test(arguments: StoredCase.all) func lowerSetsMultiplyInF32(_ stored: StoredCase) throws {
    let columns = stored.format.width(64)
    let shape = Shape(tokens: 40, rows: 35, columns: columns)
    let operands = try Operands(stored, shape, inner: columns, isExact: true)
    let scratch = try Buffer(byteCount: Kernels.scratchBytes(columns))
    func bits(_ choose: (Kernels.StoredMatrix) -> Kernels.StoredMatrix) throws -> [UInt32] {
      var y = [Float](repeating: 0, count: 40 * 35)
      try stored.with(operands.bytes, rows: 35, columns: columns) {
        choose($0).product(
          rows: 0..<35, operands.x, tokens: 40, into: &y, ldy: 35, scratch: scratch.pointer)
      }
      return y.map(\.bitPattern)
    }
    for set in Kernels.instructionSets {
      try Kernels.with(set) {
        let isSame = try bits { $0 } == bits { $0.inBF16 }
        #expect(isSame == (set < .avx512bf16), "\(set)")
      }
    }
  }

  /// Subnormal numbers count as zeros, and what is no number stays none.
  @Test(arguments: [1, 40], forms) func edgesOfTheFormatAreKept(tokens: Int, _ form: Form) throws {
    let stored = try #require(StoredCase.all.first { $0.format.name == "BF16" })
    let shape = Shape(tokens: tokens, rows: 3, columns: 64)
    var weights = [Float](repeating: 1, count: 3 * 64)
    weights[64] = 0x1p-130
    var x = [Float](repeating: 0, count: tokens * 64)
    for t in 0..<tokens { x[t * 64] = [1, 0x1p100, .infinity, .nan][t % 4] }
    let y = try Self.with(form) {
      try Self.bits(stored, encode(weights, stored.format), x, shape, step: 3)
    }.map(Float.init(bitPattern:))
    for t in 0..<tokens {
      let value = x[t * 64]
      for r in 0..<3 {
        let found = y[t * 3 + r]
        let expected = value * (r == 1 ? 0 : 1)
        #expect(expected.isNaN ? found.isNaN : found == expected, "\(t) \(r) \(found)")
      }
    }
  }

  /// The manuals define each step's rounding; a last bit may differ where a processor keeps more.
  @Test(
    .enabled(if: Kernels.hasBF16Instructions, "this processor has no BF16 instructions"),
    arguments: StoredCase.all, [1, 9, 70])
  func instructionsGiveWhatSpellsThemOut(_ stored: StoredCase, tokens: Int) throws {
    let shape = Shape(tokens: tokens, rows: 67, columns: stored.format.width(1056))
    let operands = try Operands(stored, shape, inner: shape.columns, isExact: true)
    let results = try Form.allCases.map { form in
      try Self.with(form) {
        try Self.bits(stored, operands.bytes, operands.x, shape, step: 67)
      }.map(Float.init(bitPattern:))
    }
    for (a, b) in zip(results[0], results[1]) { #expect(abs(a - b) < 1e-4) }
  }
}
