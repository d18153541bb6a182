/* Q4_1: blocks of 32 values in 20 bytes: F16 scale d, F16 m, then 16 bytes; byte j holds the code
 * of value j in its low half and that of value j + 16 in its high half; value = d code + m. */
#include "range.h"
#include "strips.h"

enum { LENGTH = 32, BYTES = 20, MOST = 15 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  svk_byte_lanes low, high;
  halves_at(block + 4, &low, &high);
  store_bytes(&low, codes);
  store_bytes(&high, codes + 16);
  scales[0] = scales[1] = half_at(block);
  mins[0] = mins[1] = -half_at(block + 2);
}
SVK_BLOCKS(q4_1, LENGTH, BYTES, 1, unpack_block)

static void encode_q4_1(const float *source, int64_t count, void *target) {
  uint8_t *block = target;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    uint8_t codes[LENGTH];
    encode_range(source + i, MOST, block, codes);
    pack_halves(codes, block + 4);
  }
}

SVK_INLINE void fit_one(const float *x, const float *importance, uint8_t *block) {
  uint8_t codes[LENGTH];
  fit_range(x, importance, MOST, block, codes);
  pack_halves(codes, block + 4);
}
SVK_FITS(q4_1, LENGTH, BYTES, 0, fit_one)

#if SVK_X86
#include "x86/q4_1.h"
#endif
SVK_STRIP_LAYOUT(q4_1, 5, SVK_LONE_NONE, 0, 0)

const svk_format *svk_format_q4_1(void) {
  static const svk_format format = {
      SVK_BLOCK_FIELDS(q4_1, LENGTH, BYTES), .encode = encode_q4_1, .fit = svk_fit_q4_1,
      .has_mins = 1, .strips = &strips_q4_1};
  return &format;
}
