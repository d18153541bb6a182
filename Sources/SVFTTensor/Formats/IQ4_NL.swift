// IQ4_NL: 32 values in 18 bytes: F16 scale d, then 16 bytes with codes as in Q4_0;
// value = d point[code], sixteen points that lie closer together near zero (code_points.h).

/// Four bits for sixteen uneven steps, and a scale per 32 values.
package struct IQ4_NL: ElementFormat {
  package let name = "IQ4_NL"
  package let ggufType: UInt32? = 20
  package let kernels = Kernels.Format(id: 20)

  package init() {}
}
