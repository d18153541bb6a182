/* IQ2_XXS: blocks of 256 values in 66 bytes: F16 d, then 8 bytes per group of 32 values: four
 * points of 8 values (grids.h), and a word with 7 bits of signs for each and above them the scale;
 * value = d (2 scale + 1) / 8 * coordinate. */
#include "grids.h"

enum { LENGTH = 256, BYTES = 66, GROUPS = 8 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  float d = half_at(block);
  (void)mins;
  for (int g = 0; g < GROUPS; g++) {
    const uint8_t *points = block + 2 + 8 * g;
    uint32_t word = word_at(points + 4);
    scales[2 * g] = scales[2 * g + 1] = d * (float)(2 * (word >> 28) + 1) * 0.125f;
    for (int i = 0; i < 4; i++) {
      put_iq2(svk_grid_iq2_xxs[points[i]], even_signs(word >> 7 * i & 127),
              codes + 32 * g + 8 * i);
    }
  }
}
SVK_BLOCKS(iq2_xxs, LENGTH, BYTES, 0, unpack_block)

const svk_format *svk_format_iq2_xxs(void) {
  static const svk_format format = {SVK_BLOCK_FIELDS(iq2_xxs, LENGTH, BYTES)};
  return &format;
}
