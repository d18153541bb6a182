// Q4_1: 32 values in 20 bytes: F16 scale d, F16 m, then 16 bytes with codes as in Q4_0;
// value = d code + m. m is the smallest value, d = (largest - smallest) / 15.

/// Four bits, a scale and a least value per 32 values.
package struct Q4_1: ElementFormat {
  package let name = "Q4_1"
  package let ggufType: UInt32? = 3
  package let kernels = Kernels.Format(id: 3)

  package init() {}
}
