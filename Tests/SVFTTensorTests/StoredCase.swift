// A format with an arrangement of its bytes: what the tests of products go over.
import SVFTTensor
import TestKit
import Testing

/// Rows as they lie in every format, strips in those that can, and rows multiplied as strips.
struct StoredCase: Sendable, CustomTestStringConvertible {
  let format: any ElementFormat
  let arrangement: Kernels.StoredMatrix.Arrangement

  var testDescription: String { "\(format.name) in \(arrangement)" }

  static let all: [StoredCase] = ElementFormats.all.flatMap { format in
    let arrangements: [Kernels.StoredMatrix.Arrangement] =
      format.kernels.formsStrips ? [.rows, .strips, .rowsAsStrips] : [.rows]
    return arrangements.map { StoredCase(format: format, arrangement: $0) }
  }

  /// Those whose products take activations rounded to 8 bit.
  static let integer = all.filter(\.format.prefersIntegerActivations)

  /// Those of them in strips.
  static let integerStrips = integer.filter { $0.arrangement == .strips }

  /// All in strips.
  static let strips = all.filter { $0.arrangement == .strips }

  /// Some of these shapes for formats that have nothing of their own in products, all for others.
  func few<Shape>(_ shapes: [Shape]) -> [Shape] {
    let hasDots = format.kernels.servesHeads || format.name == "NF4"
    guard !hasDots, arrangement == .rows else { return shapes }
    return shapes.enumerated().filter { $0.offset % 6 == 1 }.map(\.element)
  }

  /// Random numbers as bytes, `count` of them.
  func sample(_ count: Int, _ numbers: inout TestNumbers) -> [UInt8] {
    format.sample(count, &numbers)
  }

  /// A row near `row` where a range may begin.
  func start(near row: Int) -> Int {
    arrangement == .rows
      ? row : row / Kernels.StoredMatrix.stripRows * Kernels.StoredMatrix.stripRows
  }

  /// Calls `body` with rows `bytes` in this arrangement.
  func with<Result>(
    _ bytes: [UInt8], rows: Int, columns: Int, _ body: (Kernels.StoredMatrix) throws -> Result
  ) throws -> Result {
    // From a buffer, so that matrices without rows have an address too.
    let lying = try Buffer(byteCount: bytes.count)
    lying.pointer.copyMemory(from: bytes, byteCount: bytes.count)
    let matrix = Kernels.StoredMatrix(
      format, lying.pointer, rows: rows, columns: columns,
      arrangement: arrangement == .strips ? .rows : arrangement)
    guard arrangement == .strips else {
      return try withExtendedLifetime(lying) { try body(matrix) }
    }
    let packed = try Buffer(byteCount: bytes.count)
    matrix.packStrips(rows: 0..<rows, into: packed.pointer)
    return try withExtendedLifetime((lying, packed)) {
      try body(
        Kernels.StoredMatrix(
          format, packed.pointer, rows: rows, columns: columns, arrangement: .strips))
    }
  }
}
