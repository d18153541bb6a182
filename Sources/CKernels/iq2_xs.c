/* IQ2_XS: blocks of 256 values in 74 bytes: F16 d, 16 bits per 8 values (a point of 9 bits, 7 bits
 * of signs: grids.h), 8 bytes with a scale of 4 bits per 16 values;
 * value = d (2 scale + 1) / 8 * coordinate. */
#include "grids.h"

enum { LENGTH = 256, BYTES = 74, GROUPS = 8, SCALES = 66 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  float d = half_at(block);
  (void)mins;
  for (int g = 0; g < LENGTH / SVK_GROUP; g++) {
    int scale = block[SCALES + g / 2] >> 4 * (g % 2) & 15;
    scales[g] = d * (float)(2 * scale + 1) * 0.125f;
  }
  for (int i = 0; i < 4 * GROUPS; i++) {
    uint16_t point = short_at(block + 2 + 2 * i);
    put_iq2(svk_grid_iq2_xs[point & 511], even_signs(point >> 9), codes + 8 * i);
  }
}
SVK_BLOCKS(iq2_xs, LENGTH, BYTES, 0, unpack_block)

const svk_format *svk_format_iq2_xs(void) {
  static const svk_format format = {SVK_BLOCK_FIELDS(iq2_xs, LENGTH, BYTES)};
  return &format;
}
