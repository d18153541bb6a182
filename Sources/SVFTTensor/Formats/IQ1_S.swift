// IQ1_S: 256 values in 50 bytes: F16 d, 32 bytes with the low bits of points, per 32 values 16
// bits: three upper bits for each of four points, a scale of 3 bits, and whether an eighth is taken
// away or added; value = d (2 scale + 1) (coordinate ± 1/8). Grids are in grids.c. It is read
// alone.

/// Points of a grid, eight values by 11 bits, and a scale per 32 values.
package struct IQ1_S: ElementFormat {
  package let name = "IQ1_S"
  package let ggufType: UInt32? = 19
  package let kernels = Kernels.Format(id: 19)

  package init() {}
}
