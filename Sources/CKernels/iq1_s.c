/* IQ1_S: blocks of 256 values in 50 bytes: F16 d, a byte per 8 values with the low bits of a point
 * (grids.h), 16 bits per group of 32 values: three upper bits for each of four points, a scale of 3
 * bits, and whether an eighth is taken away or added;
 * value = d (2 scale + 1) (coordinate +- 1/8). */
#include "grids.h"

enum { LENGTH = 256, BYTES = 50, GROUPS = 8, UPPER = 34 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  float d = half_at(block);
  (void)mins;
  for (int g = 0; g < GROUPS; g++) {
    uint16_t upper = short_at(block + UPPER + 2 * g);
    scales[2 * g] = scales[2 * g + 1] = d * (float)(2 * (upper >> 12 & 7) + 1) * 0.125f;
    for (int i = 0; i < 4; i++) {
      int point = block[2 + 4 * g + i] | (upper >> 3 * i & 7) << 8;
      put_iq1(svk_grid_iq1[point], upper & 0x8000 ? -1 : 1, codes + 32 * g + 8 * i);
    }
  }
}
SVK_BLOCKS(iq1_s, LENGTH, BYTES, 0, unpack_block)

const svk_format *svk_format_iq1_s(void) {
  static const svk_format format = {SVK_BLOCK_FIELDS(iq1_s, LENGTH, BYTES)};
  return &format;
}
