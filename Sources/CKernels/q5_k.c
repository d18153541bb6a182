/* Q5_K: blocks of 256 values in 176 bytes: the head of six_bits.h, 32 bytes with fifth bits, bit g
 * of byte j that of value j of group g of 32, then 128 bytes with low halves as in Q4_K. */
#include "six_bits.h"
#include "strips.h"

enum { LENGTH = 256, BYTES = 176 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  const uint8_t *fifth = block + SIX_BIT_HEAD, *from = fifth + 32;
  unpack_six_bits(block, scales, mins);
  for (int g = 0; g < 8; g += 2, from += 32) {
    for (int half = 0; half < 32; half += 16) {
      svk_byte_lanes low, high, bits;
      halves_at(from + half, &low, &high);
      load_bytes(fifth + half, &bits);
      low |= ((bits >> g) & 1) << 4;
      high |= ((bits >> (g + 1)) & 1) << 4;
      store_bytes(&low, codes + 32 * g + half);
      store_bytes(&high, codes + 32 * (g + 1) + half);
    }
  }
}
SVK_BLOCKS(q5_k, LENGTH, BYTES, 1, unpack_block)

SVK_INLINE void fit_one(const float *x, const float *importance, uint8_t *block) {
  fit_block found;
  uint8_t codes[LENGTH], *fifth = block + SIX_BIT_HEAD;
  fit_affine_block(x, importance, 2, 31, 63, (fit_steps){-8, 12}, &found);
  fitted_codes(&found, 0, codes);
  pack_six_bits(&found, block);
  memset(fifth, 0, 32);
  for (int i = 0; i < LENGTH; i++) fifth[i % 32] |= (uint8_t)(codes[i] >> 4 << i / 32);
  for (int j = 0; j < LENGTH / 2; j++) {
    const uint8_t *c = codes + j / 32 * 64 + j % 32;
    fifth[32 + j] = (uint8_t)((c[0] & 15) | c[32] << 4);
  }
}
SVK_FITS(q5_k, LENGTH, BYTES, 0, fit_one)

#if SVK_X86
#include "x86/q5_k.h"
#endif
SVK_STRIP_LAYOUT(q5_k, 44, SVK_LONE_NONE, 0, 1)

const svk_format *svk_format_q5_k(void) {
  static const svk_format format = {
      SVK_BLOCK_FIELDS(q5_k, LENGTH, BYTES), .has_mins = 1, .fit = svk_fit_q5_k,
      .strips = &strips_q5_k};
  return &format;
}
