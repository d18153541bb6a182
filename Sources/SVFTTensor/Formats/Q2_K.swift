// Q2_K: 256 values in 84 bytes: 16 bytes, each a scale (low half) and a min (high half) of 16
// values, 64 bytes with codes of 2 bits, F16 d, F16 dmin; value = (d scale) code - (dmin min).
// Of each 32 bytes of codes, bits 0, 2, 4 and 6 are four groups of 32 values.

/// Two bits, and a scale and a min of four bits per 16 values.
package struct Q2_K: ElementFormat {
  package let name = "Q2_K"
  package let ggufType: UInt32? = 10
  package var substitute: (any ElementFormat)? { Q4_0() }
  package let kernels = Kernels.Format(id: 10)

  package init() {}
}
