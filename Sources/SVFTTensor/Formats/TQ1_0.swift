// TQ1_0: 256 values in 54 bytes: 48 bytes with five codes of 0, 1, 2 to base 3, 4 bytes with four,
// F16 d; value = d (code - 1). d is the largest magnitude. How digits lie is in tq1_0.c.

/// Minus one, zero or one times a scale per 256 values, five a byte.
package struct TQ1_0: ElementFormat {
  package let name = "TQ1_0"
  package let ggufType: UInt32? = 34
  package var substitute: (any ElementFormat)? { Q4_0() }
  package let kernels = Kernels.Format(id: 34)

  package init() {}
}
