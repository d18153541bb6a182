// IQ1_M: 256 values in 56 bytes: 32 bytes with the low bits of points, per 8 values four bits:
// three upper ones of the point, and whether an eighth is taken away or added; then 8 bytes with 16
// scales of 3 bits and the F16 d in four pieces; value = d (2 scale + 1) (coordinate ± 1/8). Grids
// are in grids.c. It is read alone.

/// Points of a grid, eight values by 11 bits, and a scale per 16 values.
package struct IQ1_M: ElementFormat {
  package let name = "IQ1_M"
  package let ggufType: UInt32? = 29
  package let kernels = Kernels.Format(id: 29)

  package init() {}
}
