/* IQ1_M: blocks of 256 values in 56 bytes: a byte per 8 values with the low bits of a point
 * (grids.h), 4 bits per 8 values with its three upper bits and whether an eighth is taken away or
 * added, four times 16 bits: four scales of 3 bits, of 16 values each, and above them 4 bits of the
 * F16 d, the lowest first; value = d (2 scale + 1) (coordinate +- 1/8). */
#include "grids.h"

enum { LENGTH = 256, BYTES = 56, GROUPS = 8, UPPER = 32, SCALES = 48 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  const uint8_t *words = block + SCALES;
  uint8_t half[2] = {(uint8_t)(words[1] >> 4 | (words[3] & 0xf0)),
                     (uint8_t)(words[5] >> 4 | (words[7] & 0xf0))};
  float d = half_at(half);
  (void)mins;
  for (int g = 0; g < 2 * GROUPS; g++) {
    int scale = short_at(words + g / 4 * 2) >> 3 * (g % 4) & 7;
    scales[g] = d * (float)(2 * scale + 1) * 0.125f;
  }
  for (int i = 0; i < 4 * GROUPS; i++) {
    int upper = block[UPPER + i / 2] >> 4 * (i % 2) & 15;
    put_iq1(svk_grid_iq1[block[i] | (upper & 7) << 8], upper & 8 ? -1 : 1, codes + 8 * i);
  }
}
SVK_BLOCKS(iq1_m, LENGTH, BYTES, 0, unpack_block)

const svk_format *svk_format_iq1_m(void) {
  static const svk_format format = {SVK_BLOCK_FIELDS(iq1_m, LENGTH, BYTES)};
  return &format;
}
