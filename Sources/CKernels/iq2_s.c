/* IQ2_S: blocks of 256 values in 82 bytes: F16 d, per 8 values a byte with the low bits of a point
 * (grids.h) and then one with their signs, 8 bytes with the upper two bits of four points each, 8
 * bytes with a scale of 4 bits per 16 values; value = d (2 scale + 1) / 8 * coordinate. */
#include "grids.h"

enum { LENGTH = 256, BYTES = 82, GROUPS = 8, SIGNS = 34, UPPER = 66, SCALES = 74 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  float d = half_at(block);
  (void)mins;
  for (int g = 0; g < LENGTH / SVK_GROUP; g++) {
    int scale = block[SCALES + g / 2] >> 4 * (g % 2) & 15;
    scales[g] = d * (float)(2 * scale + 1) * 0.125f;
  }
  for (int i = 0; i < 4 * GROUPS; i++) {
    int point = block[2 + i] | (block[UPPER + i / 4] >> 2 * (i % 4) & 3) << 8;
    put_iq2(svk_grid_iq2_s[point], block[SIGNS + i], codes + 8 * i);
  }
}
SVK_BLOCKS(iq2_s, LENGTH, BYTES, 0, unpack_block)

const svk_format *svk_format_iq2_s(void) {
  static const svk_format format = {SVK_BLOCK_FIELDS(iq2_s, LENGTH, BYTES)};
  return &format;
}
