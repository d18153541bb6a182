/* Q6_K: blocks of 256 values in 210 bytes: 128 bytes with low halves of codes, 64 bytes with their
 * upper two bits, 16 int8 scales, F16 d; value = d scale (code - 32), a scale per 16 values.
 *
 * Of each 128 values, 32 by 32: low halves are bytes 0..<32 low, 32..<64 low, 0..<32 high,
 * 32..<64 high; upper bits are bits 0, 2, 4, 6 of 32 bytes. */
#include "fit_blocks.h"
#include "strips.h"

enum { LENGTH = 256, BYTES = 210, UPPER = 128, SCALES = 192, D = 208, ZERO = 32 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  float d = half_at(block + D);
  (void)mins;
  for (int g = 0; g < LENGTH / SVK_GROUP; g++) {
    scales[g] = d * (float)(int8_t)block[SCALES + g];
  }
  for (int i = 0; i < LENGTH; i += 128) {
    for (int half = 0; half < 32; half += 16) {
      svk_byte_lanes low[4], upper;
      halves_at(block + i / 2 + half, &low[0], &low[2]);
      halves_at(block + i / 2 + 32 + half, &low[1], &low[3]);
      load_bytes(block + UPPER + i / 4 + half, &upper);
      for (int part = 0; part < 4; part++) {
        svk_byte_lanes code = (low[part] | ((upper >> (2 * part)) & 3) << 4) - ZERO;
        store_bytes(&code, codes + i + 32 * part + half);
      }
    }
  }
}
SVK_BLOCKS(q6_k, LENGTH, BYTES, 0, unpack_block)

SVK_INLINE void nearest_code(const svk_lanes *values, svk_lanes *numbers) {
  round_between(values, -ZERO, ZERO - 1, numbers);
}

SVK_INLINE void fit_one(const float *x, const float *importance, uint8_t *block) {
  fit_block found;
  uint8_t codes[LENGTH];
  fit_signed_block(x, importance, 1, ZERO, ZERO - 1, 320, (fit_steps){-9, 9}, 128, nearest_code,
                   &found);
  fitted_codes(&found, ZERO, codes);
  for (int i = 0; i < LENGTH; i += 128) {
    for (int j = 0; j < 32; j++) {
      const uint8_t *c = codes + i + j;
      uint8_t *low = block + i / 2 + j;
      low[0] = (uint8_t)((c[0] & 15) | c[64] << 4);
      low[32] = (uint8_t)((c[32] & 15) | c[96] << 4);
      block[UPPER + i / 4 + j] =
          (uint8_t)(c[0] >> 4 | c[32] >> 4 << 2 | c[64] >> 4 << 4 | c[96] >> 4 << 6);
    }
  }
  for (int g = 0; g < 16; g++) block[SCALES + g] = (uint8_t)(int8_t)found.scales[g];
  put_half(block + D, found.d);
}
SVK_FITS(q6_k, LENGTH, BYTES, D, fit_one)

#if SVK_X86
#include "x86/q6_k.h"
#endif
SVK_STRIP_LAYOUT(q6_k, 52, SVK_LONE_BEHIND, 0, 1)

const svk_format *svk_format_q6_k(void) {
  static const svk_format format = {
      SVK_BLOCK_FIELDS(q6_k, LENGTH, BYTES), .halves = 1, .fit = svk_fit_q6_k,
      .strips = &strips_q6_k};
  return &format;
}
