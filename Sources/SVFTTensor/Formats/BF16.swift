// BF16: the upper half of an F32, two bytes, little-endian: sign, 8 bits of exponent, 7 of
// mantissa. Encoding rounds to nearest, ties to even.

/// Brain float.
package struct BF16: ElementFormat {
  package let name = "BF16"
  package let ggufType: UInt32? = 30
  package let safetensorsType: String? = "BF16"
  package let toleratesBF16 = true
  package let kernels = Kernels.Format(id: 30)

  package init() {}
}
