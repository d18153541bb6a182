// TQ2_0: 256 values in 66 bytes: 64 bytes with codes of 2 bits, F16 d; value = d (code - 1). d is
// the largest magnitude. Of each 32 bytes, bits 0, 2, 4 and 6 are four groups of 32 values.

/// Minus one, zero or one times a scale per 256 values, four a byte.
package struct TQ2_0: ElementFormat {
  package let name = "TQ2_0"
  package let ggufType: UInt32? = 35
  package var substitute: (any ElementFormat)? { Q4_0() }
  package let kernels = Kernels.Format(id: 35)

  package init() {}
}
