// IQ2_XXS: 256 values in 66 bytes: F16 d, then per 32 values four bytes with points of a grid of
// 256 and a word with 7 bits of signs for each and above them the scale, of 4 bits;
// value = d (2 scale + 1) / 8 * coordinate. Grids are in grids.c. It is read alone.

/// Points of a grid, eight values by 8 bits, signs and a scale per 32 values.
package struct IQ2_XXS: ElementFormat {
  package let name = "IQ2_XXS"
  package let ggufType: UInt32? = 16
  package let kernels = Kernels.Format(id: 16)

  package init() {}
}
