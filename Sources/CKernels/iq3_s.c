/* IQ3_S: blocks of 256 values in 110 bytes: F16 d, a byte per 4 values with the low bits of a point
 * (grids.h), 8 bytes with the ninth bits of eight points each, 32 bytes with signs, 4 bytes with a
 * scale of 4 bits per 32 values; value = d (2 scale + 1) coordinate. */
#include "grids.h"

enum { LENGTH = 256, BYTES = 110, GROUPS = 8, NINTH = 66, SIGNS = 74, SCALES = 106 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  float d = half_at(block);
  (void)mins;
  for (int g = 0; g < GROUPS; g++) {
    int scale = block[SCALES + g / 2] >> 4 * (g % 2) & 15;
    scales[2 * g] = scales[2 * g + 1] = d * (float)(2 * scale + 1);
  }
  for (int i = 0; i < 8 * GROUPS; i++) {
    int point = block[2 + i] | (block[NINTH + i / 8] >> i % 8 & 1) << 8;
    uint32_t signs = (uint32_t)block[SIGNS + i / 2] >> 4 * (i % 2);
    put_iq3(svk_grid_iq3_s[point], signs, 1, 2, 0, codes + 4 * i);
  }
}
SVK_BLOCKS(iq3_s, LENGTH, BYTES, 0, unpack_block)

const svk_format *svk_format_iq3_s(void) {
  static const svk_format format = {SVK_BLOCK_FIELDS(iq3_s, LENGTH, BYTES)};
  return &format;
}
