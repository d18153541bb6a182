// The codec of one element format, and activations rounded for integer products. `ElementFormat`
// has the contract of each; the products are in Kernels+StoredMatrix.swift.
import CKernels

extension Kernels {
  /// The C side of an element format. The pointer leads to a constant table.
  package struct Format: Hashable, @unchecked Sendable {
    let table: OpaquePointer?
    package let blockLength: Int
    package let blockBytes: Int

    /// The format that the list in kernels.h has under that id.
    package init(id: UInt32) {
      table = svk_format_of(id)
      blockLength = table == nil ? 1 : Int(svk_block_length(table))
      blockBytes = table == nil ? 0 : Int(svk_block_bytes(table))
    }

    package static let f32 = Format(id: 0)
    package static let f16 = Format(id: 1)

    /// Whether kernels.h lists the format.
    package var isListed: Bool { table != nil }
    /// Whether products over rounded activations work.
    package var takesIntegers: Bool { svk_takes_integers(table) != 0 }
    /// Whether this processor multiplies the format faster from strips
    /// (Kernels+StoredMatrix.swift).
    package var hasStrips: Bool { svk_has_strips(table) != 0 }
    /// Whether its blocks can stand in strips, faster or not.
    package var formsStrips: Bool { svk_forms_strips(table) != 0 }
    /// Whether attention reads rows of it (Kernels+Head.swift).
    package var servesHeads: Bool { svk_serves_heads(table) != 0 }
    /// Whether numbers can be trained inside its rounding (Kernels+Cells.swift).
    package var hasCells: Bool { svk_has_cells(table) != 0 }
    /// Whether numbers can be brought into it; what cannot is read alone.
    package var encodes: Bool { svk_encodes(table) != 0 }
    /// Whether encoding looks at the importance of values.
    package var weighs: Bool { svk_weighs(table) != 0 }

    func decode(_ source: UnsafeRawPointer, count: Int, into target: UnsafeMutablePointer<Float>) {
      svk_decode(table, source, Int64(count), target)
    }

    func encode(
      _ source: UnsafePointer<Float>, importance: UnsafePointer<Float>?, count: Int,
      into target: UnsafeMutableRawPointer
    ) {
      svk_encode(table, source, importance, Int64(count), target)
    }
  }

  /// Bytes of one token's `columns` activations (a multiple of 32) rounded to 8 bit.
  package static func quantizedRowBytes(_ columns: Int) -> Int {
    Int(svk_quantized_row_bytes(Int64(columns)))
  }
}
