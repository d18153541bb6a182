// One random matrix in both arrangements of its bytes (Kernels+StoredMatrix.swift), on any
// processor: whether it multiplies strips faster decides what a loaded model has, not what the
// tests of strips go over.
package import SVFTLayers
package import SVFTTensor

/// A matrix as files have it, and the same in strips.
package struct ArrangedPair {
  package let rows: Weight
  package let strips: Weight

  /// Formats whose blocks stand in strips.
  package static let formats = ElementFormats.encodable.filter(\.kernels.formsStrips)
  /// Rows: full strips of 16 and any rest, less and more than a chunk of 64.
  package static let heights = [1, 2, 15, 16, 17, 48, 63, 64, 65, 79, 130]

  package init(_ format: any ElementFormat, rows: Int, columns: Int) throws {
    try self.init(ArrangedPair.weight(format, rows: rows, columns: columns))
  }

  /// A matrix that lies in rows, and its strips.
  package init(_ rows: Weight) throws {
    let packed = try Buffer(byteCount: rows.bytes.byteCount)
    rows.matrix.packStrips(rows: 0..<rows.rows, into: packed.pointer)
    self.rows = rows
    strips = try Weight(
      format: rows.format, rows: rows.rows, columns: rows.columns, bytes: packed,
      arrangement: .strips)
  }

  /// A random matrix as files have it.
  package static func weight(
    _ format: any ElementFormat, rows: Int, columns: Int
  ) throws -> Weight {
    var numbers = TestNumbers(seed: rows * columns)
    let bytes = try Buffer(byteCount: rows * format.rowBytes(columns))
    bytes.pointer.copyMemory(
      from: format.sample(rows * columns, &numbers), byteCount: bytes.byteCount)
    return try Weight(format: format, rows: rows, columns: columns, bytes: bytes)
  }
}
