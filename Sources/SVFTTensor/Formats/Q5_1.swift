// Q5_1: 32 values in 24 bytes: F16 scale d, F16 m, 4 bytes with the fifth bit of each code (value 0
// lowest), then 16 bytes with low halves as in Q4_0; value = d code + m. m is the smallest value,
// d = (largest - smallest) / 31.

/// Five bits, a scale and a least value per 32 values.
package struct Q5_1: ElementFormat {
  package let name = "Q5_1"
  package let ggufType: UInt32? = 7
  package let kernels = Kernels.Format(id: 7)

  package init() {}
}
