// Q5_K: 256 values in 176 bytes: F16 d, F16 dmin, 12 bytes with 8 scales and 8 mins of 6 bits
// (six_bits.h), 32 bytes with the fifth bits of codes (bit g of byte j is value j of group g of
// 32), 128 bytes with low halves as in Q4_K; value = (d scale) code - (dmin min).

/// Five bits, and a scale and a min of six bits per 32 values.
package struct Q5_K: ElementFormat {
  package let name = "Q5_K"
  package let ggufType: UInt32? = 13
  package var substitute: (any ElementFormat)? { Q5_1() }
  package let kernels = Kernels.Format(id: 13)

  package init() {}
}
