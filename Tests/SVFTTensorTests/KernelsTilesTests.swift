// Activations rounded once into tiles give the bits of products that round them on their way, at
// shapes that leave every kind of tail.
import SVFTTensor
import TestKit
import Testing

@Suite(
  .enabled(
    if: Kernels.instructionSets.contains(.avx512bf16),
    "products in BF16 need a processor with avx512vnni"))
struct KernelsTilesTests {
  /// Rows that are multiplied and numbers of each.
  struct Shape: CustomTestStringConvertible {
    let tokens, inner, outer: Int
    var testDescription: String { "\(tokens) × \(inner) × \(outer)" }
  }

  private static func shapes(_ stored: StoredCase) -> [Shape] {
    let wide = stored.format.blockLength == 1 ? 1 : 32
    let shapes =
      (33...60).map { Shape(tokens: $0, inner: 64, outer: 37) }
      + (1...40).map { Shape(tokens: 37, inner: $0 * wide, outer: 33) }
      + [
        Shape(tokens: 35, inner: wide == 1 ? 1031 : 1056, outer: 70),
        Shape(tokens: 530, inner: 544, outer: 40),
      ]
    return stored.few(shapes).map {
      Shape(tokens: $0.tokens, inner: stored.format.width($0.inner), outer: $0.outer)
    }
  }

  /// `x` [tokens, columns] in tiles. The last comes first: none may write over another.
  private static func tiles(_ x: [Float], tokens: Int, columns: Int) -> [Float] {
    let count = tokens * Kernels.tiledWidth(columns)
    var tiles = [Float](repeating: 7, count: count + 1)
    for tile in (0..<Kernels.tileCount(tokens)).reversed() {
      Kernels.roundTile(tile, of: x, tokens: tokens, columns: columns, into: &tiles)
    }
    #expect(tiles.removeLast() == 7, "\(tokens) × \(columns)")
    return tiles
  }

  @Test(arguments: StoredCase.all, KernelsBF16Tests.forms)
  func productsOfTilesAreThoseOfRows(_ stored: StoredCase, _ form: KernelsBF16Tests.Form) throws {
    for shape in Self.shapes(stored) {
      let (rows, columns) = (shape.outer, shape.inner)
      var numbers = TestNumbers(seed: shape.tokens + columns)
      let bytes = stored.sample(rows * columns, &numbers)
      let x = numbers.array(shape.tokens * columns)
      let scratch = try Buffer(byteCount: Kernels.scratchBytes(max(rows, columns)))
      try KernelsBF16Tests.with(form) {
        let tiles = Self.tiles(x, tokens: shape.tokens, columns: columns)
        try stored.with(bytes, rows: rows, columns: columns) { matrix in
          #expect(matrix.inBF16.tiledFrom.map { $0 <= 33 } == true)
          let results = [(x, false), (tiles, true)].map { input, inTiles in
            var y = [Float](repeating: 7, count: shape.tokens * rows)
            matrix.inBF16.product(
              rows: 0..<rows, input, tokens: shape.tokens, inTiles: inTiles, into: &y, ldy: rows,
              Kernels.Update(alpha: 0.5, accumulate: true), scratch: scratch.pointer)
            return y.map(\.bitPattern)
          }
          #expect(results[0] == results[1], "\(shape)")
        }
      }
    }
  }

  @Test func exactProductsReadNoTiles() {
    let bytes = [UInt8](repeating: 0, count: 4 * 32)
    bytes.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      let matrix = Kernels.StoredMatrix(F32(), start, rows: 1, columns: 32)
      #expect(matrix.tiledFrom == nil)
      #expect(Kernels.with(.avx512) { matrix.inBF16.tiledFrom } == nil)
    }
  }
}
