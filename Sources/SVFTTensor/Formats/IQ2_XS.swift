// IQ2_XS: 256 values in 74 bytes: F16 d, per 8 values 9 bits of a point and 7 of signs, 8 bytes
// with a scale of 4 bits per 16 values; value = d (2 scale + 1) / 8 * coordinate. Grids are in
// grids.c. It is read alone.

/// Points of a grid, eight values by 9 bits, and a scale per 16 values.
package struct IQ2_XS: ElementFormat {
  package let name = "IQ2_XS"
  package let ggufType: UInt32? = 17
  package let kernels = Kernels.Format(id: 17)

  package init() {}
}
