// Q4_0: 32 values in 18 bytes: F16 scale d, then 16 bytes; byte j holds the code of value j in its
// low half and that of value j + 16 in its high half; value = d (code - 8). d = (the value of
// largest magnitude) / -8, so that this value is met exactly.

/// Four bits and a scale per 32 values.
package struct Q4_0: ElementFormat {
  package let name = "Q4_0"
  package let ggufType: UInt32? = 2
  package let kernels = Kernels.Format(id: 2)

  package init() {}
}
