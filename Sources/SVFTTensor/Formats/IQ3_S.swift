// IQ3_S: 256 values in 110 bytes: F16 d, 64 bytes with the low bits of points, 8 with their ninth
// bits, 32 with signs, 4 with a scale of 4 bits per 32 values;
// value = d (2 scale + 1) coordinate. Grids are in grids.c. It is read alone.

/// Points of a grid, four values by 9 bits, and a scale per 32 values.
package struct IQ3_S: ElementFormat {
  package let name = "IQ3_S"
  package let ggufType: UInt32? = 21
  package let kernels = Kernels.Format(id: 21)

  package init() {}
}
