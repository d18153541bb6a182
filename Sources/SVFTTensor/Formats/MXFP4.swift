// MXFP4 (OCP Microscaling 1.0): 32 values in 17 bytes: an exponent e, then 16 bytes with E2M1 codes
// as in Q4_0; value = 2^(e - 128) point[code] for points 0, 1, 2, 3, 4, 6, 8, 12 and their
// negatives. e is such that the largest magnitude lies from 4 to 8 units of the format's own.

/// Floats of four bits (E2M1) and a power of two per 32 values.
package struct MXFP4: ElementFormat {
  package let name = "MXFP4"
  package let ggufType: UInt32? = 39
  package let kernels = Kernels.Format(id: 39)

  package init() {}
}
