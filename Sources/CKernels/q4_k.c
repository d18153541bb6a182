/* Q4_K: blocks of 256 values in 144 bytes: the head of six_bits.h, then 128 bytes: of each 32, low
 * halves are the codes of one group of 32 values and high halves those of the next. */
#include "six_bits.h"
#include "strips.h"

enum { LENGTH = 256, BYTES = 144 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  const uint8_t *from = block + SIX_BIT_HEAD;
  unpack_six_bits(block, scales, mins);
  for (int i = 0; i < LENGTH; i += 64, from += 32) {
    for (int half = 0; half < 32; half += 16) {
      svk_byte_lanes low, high;
      halves_at(from + half, &low, &high);
      store_bytes(&low, codes + i + half);
      store_bytes(&high, codes + i + 32 + half);
    }
  }
}
SVK_BLOCKS(q4_k, LENGTH, BYTES, 1, unpack_block)

SVK_INLINE void fit_one(const float *x, const float *importance, uint8_t *block) {
  fit_block found;
  uint8_t codes[LENGTH];
  fit_affine_block(x, importance, 2, 15, 63, (fit_steps){-10, 10}, &found);
  fitted_codes(&found, 0, codes);
  pack_six_bits(&found, block);
  for (int j = 0; j < LENGTH / 2; j++) {
    const uint8_t *c = codes + j / 32 * 64 + j % 32;
    block[SIX_BIT_HEAD + j] = (uint8_t)(c[0] | c[32] << 4);
  }
}
SVK_FITS(q4_k, LENGTH, BYTES, 0, fit_one)

#if SVK_X86
#include "x86/q4_k.h"
#endif
SVK_STRIP_LAYOUT(q4_k, 36, SVK_LONE_NONE, 0, 1)

const svk_format *svk_format_q4_k(void) {
  static const svk_format format = {
      SVK_BLOCK_FIELDS(q4_k, LENGTH, BYTES), .has_mins = 1, .fit = svk_fit_q4_k,
      .strips = &strips_q4_k};
  return &format;
}
