// Q5_0: 32 values in 22 bytes: F16 scale d, 4 bytes with the fifth bit of each code (value 0
// lowest), then 16 bytes with low halves as in Q4_0; value = d (code - 16). d = (the value of
// largest magnitude) / -16, so that this value is met exactly.

/// Five bits and a scale per 32 values.
package struct Q5_0: ElementFormat {
  package let name = "Q5_0"
  package let ggufType: UInt32? = 6
  package let kernels = Kernels.Format(id: 6)

  package init() {}
}
