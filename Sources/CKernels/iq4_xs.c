/* IQ4_XS: blocks of 256 values in 136 bytes: F16 d, 16 bits and 4 bytes with 8 scales of 6 bits
 * (upper two, low four; the first lowest), 128 bytes with codes, 16 bytes per group of 32 values as
 * in Q4_0; value = d (scale - 32) point[code] (code_points.h). */
#include "iq4.h"
#include "strips.h"

enum { LENGTH = 256, BYTES = 136, GROUPS = 8 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  float d = half_at(block);
  uint16_t upper;
  (void)mins;
  memcpy(&upper, block + 2, 2);
  for (int g = 0; g < GROUPS; g++) {
    int scale = (block[4 + g / 2] >> 4 * (g % 2) & 15) | (upper >> 2 * g & 3) << 4;
    scales[2 * g] = scales[2 * g + 1] = d * (float)(scale - 32);
    unpack_points(block + 8 + 16 * g, 16, svk_iq4_points, codes + 32 * g);
  }
}
SVK_BLOCKS(iq4_xs, LENGTH, BYTES, 0, unpack_block)

SVK_INLINE void fit_one(const float *x, const float *importance, uint8_t *block) {
  fit_block found;
  fit_signed_block(x, importance, 2, IQ4_LOWEST, IQ4_HIGHEST, IQ4_PARTS, IQ4_STEPS, 32,
                   nearest_point, &found);
  memset(block, 0, BYTES);
  put_half(block, found.d);
  uint16_t upper = 0;
  for (int g = 0; g < GROUPS; g++) {
    int scale = (int)found.scales[g] + 32;
    upper |= (uint16_t)(scale >> 4 << 2 * g);
    block[4 + g / 2] |= (uint8_t)((scale & 15) << 4 * (g % 2));
    pack_points(found.q + 2 * g, block + 8 + 16 * g);
  }
  memcpy(block + 2, &upper, 2);
}
SVK_FITS(iq4_xs, LENGTH, BYTES, 0, fit_one)

#if SVK_X86
#include "x86/iq4_xs.h"
#endif
SVK_STRIP_LAYOUT(iq4_xs, 34, SVK_LONE_NONE, 0, 1)

const svk_format *svk_format_iq4_xs(void) {
  static const svk_format format = {
      SVK_BLOCK_FIELDS(iq4_xs, LENGTH, BYTES), .fit = svk_fit_iq4_xs, .strips = &strips_iq4_xs};
  return &format;
}
