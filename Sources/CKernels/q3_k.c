/* Q3_K: blocks of 256 values in 110 bytes: 32 bytes with third bits, bit g of byte j that of value
 * j of group g of 32, 64 bytes with low bits, 12 bytes with 16 scales of 6 bits, F16 d;
 * value = d (scale - 32) (code - 4), a scale per 16 values.
 *
 * Low bits: of each 32 bytes, bits 0, 2, 4, 6 are four groups of 32. Scale i: its low half is in
 * byte i mod 8, upper where i >= 8; its upper two bits are bits 2 (i / 4) of byte 8 + i mod 4. */
#include "fit_blocks.h"
#include "strips.h"

enum { LENGTH = 256, BYTES = 110, LOWER = 32, SCALES = 96, D = 108, ZERO = 4 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  const uint8_t *s = block + SCALES;
  float d = half_at(block + D);
  (void)mins;
  for (int i = 0; i < 16; i++) {
    int low = s[i % 8] >> (i < 8 ? 0 : 4) & 15, high = s[8 + i % 4] >> 2 * (i / 4) & 3;
    scales[i] = d * (float)((low | high << 4) - 32);
  }
  for (int g = 0; g < 8; g++) {
    for (int half = 0; half < 32; half += 16) {
      svk_byte_lanes low, third;
      load_bytes(block + LOWER + g / 4 * 32 + half, &low);
      load_bytes(block + half, &third);
      svk_byte_lanes code = (((low >> 2 * (g % 4)) & 3) | ((third >> g) & 1) << 2) - ZERO;
      store_bytes(&code, codes + 32 * g + half);
    }
  }
}
SVK_BLOCKS(q3_k, LENGTH, BYTES, 0, unpack_block)

SVK_INLINE void nearest_code(const svk_lanes *values, svk_lanes *numbers) {
  round_between(values, -ZERO, ZERO - 1, numbers);
}

SVK_INLINE void fit_one(const float *x, const float *importance, uint8_t *block) {
  fit_block found;
  uint8_t codes[LENGTH], *s = block + SCALES;
  fit_signed_block(x, importance, 1, ZERO, ZERO - 1, 40, (fit_steps){-9, 9}, 32, nearest_code,
                   &found);
  fitted_codes(&found, ZERO, codes);
  memset(block, 0, BYTES);
  for (int i = 0; i < 16; i++) {
    int scale = (int)found.scales[i] + 32;
    s[i % 8] |= (uint8_t)((scale & 15) << (i < 8 ? 0 : 4));
    s[8 + i % 4] |= (uint8_t)(scale >> 4 << 2 * (i / 4));
  }
  for (int i = 0; i < LENGTH; i++) {
    block[i % 32] |= (uint8_t)(codes[i] >> 2 << i / 32);
    block[LOWER + i / 128 * 32 + i % 32] |= (uint8_t)((codes[i] & 3) << 2 * (i / 32 % 4));
  }
  put_half(block + D, found.d);
}
SVK_FITS(q3_k, LENGTH, BYTES, D, fit_one)

#if SVK_X86
#include "x86/q3_k.h"
#endif
SVK_STRIP_LAYOUT(q3_k, 27, SVK_LONE_BEHIND, 0, 1)

const svk_format *svk_format_q3_k(void) {
  static const svk_format format = {
      SVK_BLOCK_FIELDS(q3_k, LENGTH, BYTES), .halves = 1, .fit = svk_fit_q3_k,
      .strips = &strips_q3_k};
  return &format;
}
