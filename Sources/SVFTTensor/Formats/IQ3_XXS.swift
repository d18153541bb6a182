// IQ3_XXS: 256 values in 98 bytes: F16 d, a byte per 4 values with a point of a grid of 256, per 32
// values a word with 7 bits of signs for each 8 and above them the scale, of 4 bits;
// value = d (2 scale + 1) / 4 * coordinate. Grids are in grids.c. It is read alone.

/// Points of a grid, four values by 8 bits, signs and a scale per 32 values.
package struct IQ3_XXS: ElementFormat {
  package let name = "IQ3_XXS"
  package let ggufType: UInt32? = 18
  package let kernels = Kernels.Format(id: 18)

  package init() {}
}
