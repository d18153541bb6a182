/* NVFP4: blocks of 64 values in 36 bytes: 4 scales as unsigned E4M3 (bias 7, half of what they say,
 * 0x7f is 0), then 8 bytes per 16 values with E2M1 codes, value j in the low half of byte j and
 * value j + 8 in its high half; value = scale point[code] (code_points.h). */
#include "code_points.h"

enum { LENGTH = 64, BYTES = 36, GROUPS = 4 };

SVK_INLINE float scale_of(uint8_t code) {
  int exponent = code >> 3 & 15, mantissa = code & 7;
  if (code == 0x7f) return 0;
  if (exponent == 0) return (float)mantissa * 0x1p-10f;
  return float_of_bits((uint32_t)(exponent + 119) << 23 | (uint32_t)mantissa << 20);
}

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  (void)mins;
  for (int g = 0; g < GROUPS; g++) {
    scales[g] = scale_of(block[g]);
    unpack_points(block + GROUPS + 8 * g, 8, svk_fp4_points, codes + 16 * g);
  }
}
SVK_BLOCKS(nvfp4, LENGTH, BYTES, 0, unpack_block)

const svk_format *svk_format_nvfp4(void) {
  static const svk_format format = {SVK_BLOCK_FIELDS(nvfp4, LENGTH, BYTES)};
  return &format;
}
