/* What Q4_K and Q5_K blocks begin with: F16 d, F16 dmin, and 12 bytes with a scale and a min of 6
 * bits for each of 8 groups of 32 values: value = (d scale) code - (dmin min).
 *
 *   bytes 0...3    scale of groups 0...3; above it 2 bits, the upper ones of the scale 4 groups on
 *   bytes 4...7    min of groups 0...3, and the upper bits of the min 4 groups on
 *   bytes 8...11   lower halves of scale and min of groups 4...7 */
#ifndef SVK_SIX_BITS_H
#define SVK_SIX_BITS_H

#include "fit_blocks.h"

enum { SIX_BIT_GROUPS = 8, SIX_BIT_HEAD = 16 /* bytes */ };

SVK_INLINE void unpack_six_bits(const uint8_t *block, float *scales, float *mins) {
  const uint8_t *s = block + 4;
  float d = half_at(block), least = half_at(block + 2);
  for (int g = 0; g < SIX_BIT_GROUPS; g++) {
    int scale, min;
    if (g < 4) {
      scale = s[g] & 63;
      min = s[g + 4] & 63;
    } else {
      scale = (s[g + 4] & 15) | s[g - 4] >> 6 << 4;
      min = s[g + 4] >> 4 | s[g] >> 6 << 4;
    }
    scales[2 * g] = scales[2 * g + 1] = d * (float)scale;
    mins[2 * g] = mins[2 * g + 1] = least * (float)min;
  }
}

SVK_INLINE void pack_six_bits(const fit_block *found, uint8_t *block) {
  uint8_t scales[SIX_BIT_GROUPS], mins[SIX_BIT_GROUPS], *s = block + 4;
  for (int g = 0; g < SIX_BIT_GROUPS; g++) {
    scales[g] = (uint8_t)found->scales[g];
    mins[g] = (uint8_t)found->mins[g];
  }
  for (int g = 0; g < 4; g++) {
    s[g] = (uint8_t)(scales[g] | scales[g + 4] >> 4 << 6);
    s[g + 4] = (uint8_t)(mins[g] | mins[g + 4] >> 4 << 6);
    s[g + 8] = (uint8_t)((scales[g + 4] & 15) | mins[g + 4] << 4);
  }
  put_half(block, found->d);
  put_half(block + 2, found->least);
}

#endif
