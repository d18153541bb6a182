/* Q2_K: blocks of 256 values in 84 bytes: 16 bytes with a scale (low half) and a min (high) of 4
 * bits per 16 values, 64 bytes with codes, F16 d, F16 dmin; value = (d scale) code - (dmin min).
 * Of each 32 bytes of codes, bits 0, 2, 4, 6 are four groups of 32 values. */
#include "fit_blocks.h"
#include "strips.h"

enum { LENGTH = 256, BYTES = 84, CODES = 16, D = 80 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  float d = half_at(block + D), least = half_at(block + D + 2);
  for (int g = 0; g < 16; g++) {
    scales[g] = d * (float)(block[g] & 15);
    mins[g] = least * (float)(block[g] >> 4);
  }
  for (int g = 0; g < 8; g++) {
    for (int half = 0; half < 32; half += 16) {
      svk_byte_lanes code;
      load_bytes(block + CODES + g / 4 * 32 + half, &code);
      code = (code >> 2 * (g % 4)) & 3;
      store_bytes(&code, codes + 32 * g + half);
    }
  }
}
SVK_BLOCKS(q2_k, LENGTH, BYTES, 1, unpack_block)

SVK_INLINE void fit_one(const float *x, const float *importance, uint8_t *block) {
  fit_block found;
  uint8_t codes[LENGTH];
  fit_affine_block(x, importance, 1, 3, 15, (fit_steps){-9, 15}, &found);
  fitted_codes(&found, 0, codes);
  for (int g = 0; g < 16; g++) {
    block[g] = (uint8_t)((int)found.scales[g] | (int)found.mins[g] << 4);
  }
  for (int j = 0; j < LENGTH / 4; j++) {
    const uint8_t *c = codes + j / 32 * 128 + j % 32;
    block[CODES + j] = (uint8_t)(c[0] | c[32] << 2 | c[64] << 4 | c[96] << 6);
  }
  put_half(block + D, found.d);
  put_half(block + D + 2, found.least);
}
SVK_FITS(q2_k, LENGTH, BYTES, D, fit_one)

#if SVK_X86
#include "x86/q2_k.h"
#endif
SVK_STRIP_LAYOUT(q2_k, 21, SVK_LONE_NONE, 0, 1)

const svk_format *svk_format_q2_k(void) {
  static const svk_format format = {
      SVK_BLOCK_FIELDS(q2_k, LENGTH, BYTES), .halves = 1, .has_mins = 1, .fit = svk_fit_q2_k,
      .strips = &strips_q2_k};
  return &format;
}
