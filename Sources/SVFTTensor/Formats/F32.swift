// F32: IEEE 754 binary32, four bytes, little-endian. What everything is computed in.

/// Single precision.
package struct F32: ElementFormat {
  package let name = "F32"
  package let ggufType: UInt32? = 0
  package let safetensorsType: String? = "F32"
  package let kernels = Kernels.Format(id: 0)

  package init() {}
}
