// Q3_K: 256 values in 110 bytes: 32 bytes with the third bits of codes (bit g of byte j is value j
// of group g of 32), 64 bytes with their low bits, 12 bytes with 16 scales of 6 bits, F16 d;
// value = d (scale - 32) (code - 4). How scales lie is in q3_k.c.

/// Three bits, and a scale of six bits per 16 values.
package struct Q3_K: ElementFormat {
  package let name = "Q3_K"
  package let ggufType: UInt32? = 11
  package var substitute: (any ElementFormat)? { Q4_0() }
  package let kernels = Kernels.Format(id: 11)

  package init() {}
}
