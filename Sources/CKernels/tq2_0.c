/* TQ2_0: blocks of 256 values in 66 bytes: 64 bytes with codes of 2 bits, F16 d;
 * value = d (code - 1). Of each 32 bytes, bits 0, 2, 4, 6 are four groups of 32 values. */
#include "ternary.h"

enum { LENGTH = 256, BYTES = 66, D = 64 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  (void)mins;
  for (int g = 0; g < 16; g++) scales[g] = half_at(block + D);
  for (int g = 0; g < 8; g++) {
    for (int half = 0; half < 32; half += 16) {
      svk_byte_lanes code;
      load_bytes(block + g / 4 * 32 + half, &code);
      code = ((code >> 2 * (g % 4)) & 3) - 1;
      store_bytes(&code, codes + 32 * g + half);
    }
  }
}
SVK_BLOCKS(tq2_0, LENGTH, BYTES, 0, unpack_block)

static void encode_tq2_0(const float *source, int64_t count, void *target) {
  uint8_t *block = target;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    uint8_t codes[LENGTH];
    encode_ternary(source + i, block + D, codes);
    for (int j = 0; j < D; j++) {
      const uint8_t *c = codes + j / 32 * 128 + j % 32;
      block[j] = (uint8_t)(c[0] | c[32] << 2 | c[64] << 4 | c[96] << 6);
    }
  }
}

const svk_format *svk_format_tq2_0(void) {
  static const svk_format format = {SVK_BLOCK_FIELDS(tq2_0, LENGTH, BYTES), .encode = encode_tq2_0};
  return &format;
}
