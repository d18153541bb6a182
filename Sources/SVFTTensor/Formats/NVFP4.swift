// NVFP4: 64 values in 36 bytes: 4 scales as unsigned E4M3, then per 16 values 8 bytes with E2M1
// codes, value j in the low half of byte j and value j + 8 in its high half;
// value = scale / 2 * point[code] with the points of MXFP4. It is read alone.

/// Floats of four bits (E2M1) and a scale of eight (E4M3) per 16 values.
package struct NVFP4: ElementFormat {
  package let name = "NVFP4"
  package let ggufType: UInt32? = 40
  package let kernels = Kernels.Format(id: 40)

  package init() {}
}
