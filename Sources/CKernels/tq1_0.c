/* TQ1_0: blocks of 256 values in 54 bytes: 52 bytes with codes 0, 1, 2, five a byte, F16 d;
 * value = d (code - 1).
 *
 * Digits to base 3 stand behind a binary point: byte = ceil(256 (sum of code_n 81, 27, 9, 3, 1) /
 * 243), and code n is what passes the point when byte * 3^n, without its overflow, is tripled.
 * Bytes 0..<32 hold values j, j + 32 ... j + 128, bytes 32..<48 values 160 + j, + 16 ... + 64, and
 * bytes 48..<52 four values each, 240 + j, + 4, + 8, + 12. */
#include "ternary.h"

enum { LENGTH = 256, BYTES = 54, D = 52 };

/* Runs of bytes whose values stand `count` apart. */
static const struct { int first, count, digits, values; } RUNS[] = {
    {0, 32, 5, 0}, {32, 16, 5, 160}, {48, 4, 4, 240}};
enum { RUN_COUNT = 3 };

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  (void)mins;
  for (int g = 0; g < 16; g++) scales[g] = half_at(block + D);
  for (int r = 0; r < RUN_COUNT; r++) {
    for (int n = 0, power = 1; n < RUNS[r].digits; n++, power *= 3) {
      for (int j = 0; j < RUNS[r].count; j++) {
        uint8_t rest = (uint8_t)(block[RUNS[r].first + j] * power);
        codes[RUNS[r].values + n * RUNS[r].count + j] = (int8_t)((rest * 3 >> 8) - 1);
      }
    }
  }
}
SVK_BLOCKS(tq1_0, LENGTH, BYTES, 0, unpack_block)

static void encode_tq1_0(const float *source, int64_t count, void *target) {
  uint8_t *block = target;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    uint8_t codes[LENGTH];
    encode_ternary(source + i, block + D, codes);
    for (int r = 0; r < RUN_COUNT; r++) {
      for (int j = 0; j < RUNS[r].count; j++) {
        int number = 0;
        for (int n = 0; n < 5; n++) {
          int code = n < RUNS[r].digits ? codes[RUNS[r].values + n * RUNS[r].count + j] : 0;
          number = 3 * number + code;
        }
        block[RUNS[r].first + j] = (uint8_t)((number * 256 + 242) / 243);
      }
    }
  }
}

const svk_format *svk_format_tq1_0(void) {
  static const svk_format format = {SVK_BLOCK_FIELDS(tq1_0, LENGTH, BYTES), .encode = encode_tq1_0};
  return &format;
}
