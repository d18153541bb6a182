// NF4 (Dettmers et al., arXiv:2305.14314), in memory: 64 values in 36 bytes: F32 scale, the largest
// magnitude, then 16 words of two bytes; word i holds the codes of values i, 16 + i, 32 + i and
// 48 + i, the first in its lowest four bits; value = scale point[code], sixteen points between
// which equally many of normally distributed numbers lie, from -1 to 1. How folders have it stands
// in BitsAndBytes.swift.
//
// Products are with activations as they are, or in BF16: the custom of those who quantise so.

/// Four bits for sixteen uneven steps, and a scale per 64 values.
package struct NF4: ElementFormat {
  package let name = "NF4"
  package let ggufType: UInt32? = nil
  package let kernels = Kernels.Format(id: 65536)

  package init() {}
}
