// The codec of one element format, and activations rounded for integer products. `ElementFormat`
// has the contract of each; the products are in Kernels+StoredMatrix.swift.
import CKernels

extension Kernels {
  /// The C side of an element format. The pointer leads to a constant table.
  package struct Format: Hashable, @unchecked Sendable {
    let table: OpaquePointer?
    package let blockLength: Int
    package let blockBytes: Int

    private init(_ table: OpaquePointer?) {
      self.table = table
      blockLength = Int(svk_block_length(table))
      blockBytes = Int(svk_block_bytes(table))
    }

    package static let f32 = Format(svk_format_f32())
    package static let f16 = Format(svk_format_f16())
    package static let bf16 = Format(svk_format_bf16())
    package static let q8_0 = Format(svk_format_q8_0())
    package static let q4_0 = Format(svk_format_q4_0())

    /// Whether products over rounded activations work.
    package var takesIntegers: Bool { svk_takes_integers(table) != 0 }
    /// Whether this processor multiplies the format faster from strips
    /// (Kernels+StoredMatrix.swift).
    package var hasStrips: Bool { svk_has_strips(table) != 0 }

    func decode(_ source: UnsafeRawPointer, count: Int, into target: UnsafeMutablePointer<Float>) {
      svk_decode(table, source, Int64(count), target)
    }

    func encode(_ source: UnsafePointer<Float>, count: Int, into target: UnsafeMutableRawPointer) {
      svk_encode(table, source, Int64(count), target)
    }
  }

  /// Bytes of one token's `columns` activations (a multiple of 32) rounded to 8 bit.
  package static func quantizedRowBytes(_ columns: Int) -> Int {
    Int(svk_quantized_row_bytes(Int64(columns)))
  }
}
