/* IQ3_XXS: blocks of 256 values in 98 bytes: F16 d, a byte per 4 values with a point (grids.h), a
 * word per group of 32 values with 7 bits of signs for each 8 and above them the scale;
 * value = d (2 scale + 1) / 4 * coordinate. */
#include "grids.h"

enum { LENGTH = 256, BYTES = 98, GROUPS = 8, WORDS = 66 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  float d = half_at(block);
  (void)mins;
  for (int g = 0; g < GROUPS; g++) {
    uint32_t word = word_at(block + WORDS + 4 * g);
    scales[2 * g] = scales[2 * g + 1] = d * (float)(2 * (word >> 28) + 1) * 0.25f;
    for (int i = 0; i < 8; i++) {
      uint32_t signs = even_signs(word >> 7 * (i / 2) & 127) >> 4 * (i % 2);
      put_iq3(svk_grid_iq3_xxs[block[2 + 8 * g + i]], signs, 4, 8, 2, codes + 32 * g + 4 * i);
    }
  }
}
SVK_BLOCKS(iq3_xxs, LENGTH, BYTES, 0, unpack_block)

const svk_format *svk_format_iq3_xxs(void) {
  static const svk_format format = {SVK_BLOCK_FIELDS(iq3_xxs, LENGTH, BYTES)};
  return &format;
}
