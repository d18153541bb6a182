// IQ2_S: 256 values in 82 bytes: F16 d, 32 bytes with the low bits of points, 32 with signs, 8 with
// the upper two bits of points, 8 with a scale of 4 bits per 16 values;
// value = d (2 scale + 1) / 8 * coordinate. Grids are in grids.c. It is read alone.

/// Points of a grid, eight values by 10 bits, and a scale per 16 values.
package struct IQ2_S: ElementFormat {
  package let name = "IQ2_S"
  package let ggufType: UInt32? = 22
  package let kernels = Kernels.Format(id: 22)

  package init() {}
}
