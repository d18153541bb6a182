/* MXFP4 (OCP Microscaling 1.0): blocks of 32 values in 17 bytes: an exponent e, then 16 bytes with
 * E2M1 codes as in Q4_0; value = 2^(e - 128) point[code] (code_points.h).
 * Encoding as ggml's reference: e such that the largest magnitude lies between 4 and 8 units; the
 * nearest point, the lower code of two. A block with a NaN becomes infinite. */
#include "code_points.h"

enum { LENGTH = 32, BYTES = 17, NO_NUMBER = 255 };

/* 2^(e - 128), subnormal for the two lowest. */
SVK_INLINE float scale_of(uint8_t e) {
  return float_of_bits(e < 2 ? 0x00200000u << e : (uint32_t)(e - 1) << 23);
}

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  (void)mins;
  scales[0] = scales[1] = scale_of(block[0]);
  unpack_points(block + 1, 16, svk_fp4_points, codes);
}
SVK_BLOCKS(mxfp4, LENGTH, BYTES, 0, unpack_block)

SVK_INLINE uint8_t nearest_point(float value, float scale) {
  float least = fabsf(value);
  int best = 0, sign = value < 0 ? 8 : 0;
  for (int code = 1; code < 8; code++) {
    float error = fabsf(scale * (float)svk_fp4_points[code] - fabsf(value));
    best = error < least ? code : best;
    least = error < least ? error : least;
  }
  return (uint8_t)(best ? best | sign : 0);
}

static void encode_mxfp4(const float *source, int64_t count, void *target) {
  uint8_t *block = target;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    float largest = fabsf(extreme_of(source + i, LENGTH));
    /* floor(log2) of what is no subnormal is the exponent that its bits have. */
    int exponent = (int)(bits_of_float(largest) >> 23) - 2;
    block[0] = (uint8_t)(exponent > 0 ? exponent : 0);
    if (!isfinite(largest)) {
      block[0] = NO_NUMBER;
      memset(block + 1, 0x77, BYTES - 1);
      continue;
    }
    for (int j = 0; j < LENGTH / 2; j++) {
      uint8_t low = nearest_point(source[i + j], scale_of(block[0]));
      uint8_t high = nearest_point(source[i + j + 16], scale_of(block[0]));
      block[1 + j] = (uint8_t)(low | high << 4);
    }
  }
}

const svk_format *svk_format_mxfp4(void) {
  static const svk_format format = {SVK_BLOCK_FIELDS(mxfp4, LENGTH, BYTES), .encode = encode_mxfp4};
  return &format;
}
