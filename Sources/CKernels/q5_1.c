/* Q5_1: blocks of 32 values in 24 bytes: F16 scale d, F16 m, four bytes with the fifth bit of each
 * code, value 0 lowest, then 16 bytes with the low halves of codes as in Q4_1;
 * value = d code + m. */
#include "range.h"
#include "strips.h"

enum { LENGTH = 32, BYTES = 24, MOST = 31 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  svk_byte_lanes low, high, fifth;
  uint32_t bits;
  memcpy(&bits, block + 4, 4);
  halves_at(block + 8, &low, &high);
  spread_bits(bits, 16, &fifth);
  low |= fifth;
  spread_bits(bits >> 16, 16, &fifth);
  high |= fifth;
  store_bytes(&low, codes);
  store_bytes(&high, codes + 16);
  scales[0] = scales[1] = half_at(block);
  mins[0] = mins[1] = -half_at(block + 2);
}
SVK_BLOCKS(q5_1, LENGTH, BYTES, 1, unpack_block)

static void encode_q5_1(const float *source, int64_t count, void *target) {
  uint8_t *block = target;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    uint8_t codes[LENGTH];
    encode_range(source + i, MOST, block, codes);
    uint32_t fifth = pack_halves(codes, block + 8);
    memcpy(block + 4, &fifth, 4);
  }
}

SVK_INLINE void fit_one(const float *x, const float *importance, uint8_t *block) {
  uint8_t codes[LENGTH];
  fit_range(x, importance, MOST, block, codes);
  uint32_t fifth = pack_halves(codes, block + 8);
  memcpy(block + 4, &fifth, 4);
}
SVK_FITS(q5_1, LENGTH, BYTES, 0, fit_one)

#if SVK_X86
#include "x86/q5_1.h"
#endif
SVK_STRIP_LAYOUT(q5_1, 6, SVK_LONE_NONE, 0, 1)

const svk_format *svk_format_q5_1(void) {
  static const svk_format format = {
      SVK_BLOCK_FIELDS(q5_1, LENGTH, BYTES), .encode = encode_q5_1, .fit = svk_fit_q5_1,
      .has_mins = 1, .strips = &strips_q5_1};
  return &format;
}
