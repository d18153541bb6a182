// Q6_K: 256 values in 210 bytes: 128 bytes with low halves of codes, 64 bytes with their upper two
// bits, 16 int8 scales, F16 d; value = d scale (code - 32). How codes lie is in q6_k.c.

/// Six bits, and a scale of eight bits per 16 values.
package struct Q6_K: ElementFormat {
  package let name = "Q6_K"
  package let ggufType: UInt32? = 14
  package var substitute: (any ElementFormat)? { Q8_0() }
  package let kernels = Kernels.Format(id: 14)

  package init() {}
}
