// Q8_0: 32 values in 34 bytes: F16 scale d, then 32 int8 codes q; value = d q.
// d = max|x| / 127; codes are rounded to nearest, halves away from zero.

/// Eight bits and a scale per 32 values.
package struct Q8_0: ElementFormat {
  package let name = "Q8_0"
  package let ggufType: UInt32? = 8
  package let kernels = Kernels.Format(id: 8)

  package init() {}
}
