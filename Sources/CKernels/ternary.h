/* Encoding of blocks of 256 in -1, 0 and 1 times their largest magnitude, as ggml's reference:
 * d = max|x|, codes rounded to nearest, halves away from zero. */
#ifndef SVK_TERNARY_H
#define SVK_TERNARY_H

#include "blocks.h"

enum { TERNARY_LENGTH = 256 };

/* Writes d to `place`, and codes 0, 1, 2. A block with a NaN has the scale NaN. */
SVK_INLINE void encode_ternary(const float *x, uint8_t *place, uint8_t *codes) {
  float scale = fabsf(extreme_of(x, TERNARY_LENGTH));
  float inverse = scale != 0 ? 1 / scale : 0;
  put_half(place, scale);
  for (int j = 0; j < TERNARY_LENGTH; j++) {
    float value = isfinite(scale) ? x[j] * inverse : 0;
    codes[j] = (uint8_t)(svk_round_code(value) + 1);
  }
}

#endif
