// Q4_K: 256 values in 144 bytes: F16 d, F16 dmin, 12 bytes with 8 scales and 8 mins of 6 bits
// (six_bits.h), 128 bytes with codes; value = (d scale) code - (dmin min). Of each 32 bytes of
// codes, low halves are one group of 32 values and high halves the next.

/// Four bits, and a scale and a min of six bits per 32 values.
package struct Q4_K: ElementFormat {
  package let name = "Q4_K"
  package let ggufType: UInt32? = 12
  package var substitute: (any ElementFormat)? { Q5_0() }
  package let kernels = Kernels.Format(id: 12)

  package init() {}
}
