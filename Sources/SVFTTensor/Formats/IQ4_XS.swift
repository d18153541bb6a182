// IQ4_XS: 256 values in 136 bytes: F16 d, 2 bytes with the upper bits and 4 with the low halves of
// 8 scales of 6 bits, 128 bytes with codes, 16 bytes per 32 values as in Q4_0; value = d (scale -
// 32) point[code], with the points of IQ4_NL (code_points.h).

/// Four bits for sixteen uneven steps, and a scale of six bits per 32 values.
package struct IQ4_XS: ElementFormat {
  package let name = "IQ4_XS"
  package let ggufType: UInt32? = 23
  package var substitute: (any ElementFormat)? { IQ4_NL() }
  package let kernels = Kernels.Format(id: 23)

  package init() {}
}
