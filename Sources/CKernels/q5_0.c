/* Q5_0: blocks of 32 values in 22 bytes: F16 scale d, four bytes with the fifth bit of each code,
 * value 0 lowest, then 16 bytes with the low halves of codes as in Q4_0; value = d (code - 16).
 * Encoding as ggml's reference: d = (the value of largest magnitude) / -16, so that it gets code 0;
 * a block with a NaN has the scale NaN. Where values have an importance, by a search. */
#include "range.h"
#include "strips.h"

enum { LENGTH = 32, BYTES = 22, ZERO = 16 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  svk_byte_lanes low, high, fifth;
  uint32_t bits;
  (void)mins;
  memcpy(&bits, block + 2, 4);
  halves_at(block + 6, &low, &high);
  spread_bits(bits, ZERO, &fifth);
  low = (low | fifth) - ZERO;
  spread_bits(bits >> 16, ZERO, &fifth);
  high = (high | fifth) - ZERO;
  store_bytes(&low, codes);
  store_bytes(&high, codes + 16);
  scales[0] = scales[1] = half_at(block);
}
SVK_BLOCKS(q5_0, LENGTH, BYTES, 0, unpack_block)

/* The codes of a block whose scale is there. */
SVK_INLINE void put_codes(const float *values, float inverse, uint8_t *block) {
  uint8_t codes[LENGTH];
  for (int j = 0; j < LENGTH; j++) {
    codes[j] = code_of(values[j], inverse, ZERO + 0.5f, 2 * ZERO - 1);
  }
  uint32_t fifth = pack_halves(codes, block + 6);
  memcpy(block + 2, &fifth, 4);
}

static void encode_q5_0(const float *source, int64_t count, void *target) {
  uint8_t *block = target;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    float scale = extreme_of(source + i, LENGTH) / -ZERO;
    put_half(block, scale);
    put_codes(source + i, scale != 0 ? 1 / scale : 0, block);
  }
}

SVK_INLINE void nearest_code(const svk_lanes *values, svk_lanes *numbers) {
  round_between(values, -ZERO, ZERO - 1, numbers);
}

SVK_INLINE void fit_one(const float *x, const float *importance, uint8_t *block) {
  fit_group group;
  signed_fit found;
  load_group(x, importance, 2, &group);
  fit_signed(&group, 2, ZERO, ZERO - 1, 160, (fit_steps){-9, 9}, nearest_code, &found);
  put_half(block, found.scale);
  float scale = half_at(block);
  put_codes(x, scale != 0 ? 1 / scale : 0, block);
}
SVK_FITS(q5_0, LENGTH, BYTES, 0, fit_one)

#if SVK_X86
#include "x86/q5_0.h"
#endif
SVK_STRIP_LAYOUT(q5_0, 5, SVK_LONE_BEFORE, 0, 1)

const svk_format *svk_format_q5_0(void) {
  static const svk_format format = {
      SVK_BLOCK_FIELDS(q5_0, LENGTH, BYTES), .encode = encode_q5_0, .fit = svk_fit_q5_0,
      .strips = &strips_q5_0};
  return &format;
}
