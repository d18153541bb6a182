// F16: IEEE 754 binary16, two bytes, little-endian: sign, 5 bits of exponent, 10 of mantissa.
// Encoding rounds to nearest, ties to even; 65520 and above become infinity.

/// Half precision.
package struct F16: ElementFormat {
  package let name = "F16"
  package let ggufType: UInt32? = 1
  package let safetensorsType: String? = "F16"
  package let kernels = Kernels.Format(id: 1)

  package init() {}
}
