/* BF16: the upper half of an F32: sign, 8 bits of exponent, 7 of mantissa, little-endian. */
#include "cells.h"
#include "format.h"
#include "half.h"
#include "head_rows.h"
#include "plain_dots.h"

SVK_INLINE void decode_bf16_body(const void *source, int64_t count, float *target) {
  const uint16_t *codes = source;
  for (int64_t i = 0; i < count; i++) target[i] = float_of_bf16(codes[i]);
}
SVK_KERNEL(void, decode_bf16, (const void *source, int64_t count, float *target),
           (source, count, target))

SVK_INLINE void encode_bf16_body(const float *source, int64_t count, void *target) {
  uint16_t *codes = target;
  for (int64_t i = 0; i < count; i++) codes[i] = bf16_of_float(source[i]);
}
SVK_KERNEL(void, encode_bf16, (const float *source, int64_t count, void *target),
           (source, count, target))

SVK_INLINE void values_of(const uint8_t *codes, svk_lanes *values) {
  typedef uint16_t halves __attribute__((ext_vector_type(16)));
  typedef uint32_t words __attribute__((ext_vector_type(16)));
  halves upper;
  memcpy(&upper, codes, sizeof upper);
  words bits = __builtin_convertvector(upper, words) << 16;
  memcpy(values, &bits, sizeof bits);
}

SVK_INLINE float value_of(const uint8_t *code) {
  uint16_t half;
  memcpy(&half, code, 2);
  return float_of_bf16(half);
}

SVK_PLAIN_DOTS(row_dots_bf16, 2, values_of, value_of)

SVK_INLINE void head_lanes_of(const uint8_t *row, int64_t k, svk_lanes *values) {
  values_of(row + 2 * k, values);
}

SVK_INLINE float head_value_of(const uint8_t *row, int64_t k) { return value_of(row + 2 * k); }

SVK_HEAD_ROWS(bf16, 32, head_lanes_of, head_lanes_of, head_lanes_of, head_value_of)

static void cells_bf16(const void *source, int64_t count, float *lower, float *upper) {
  svk_cells_between_codes(source, count, float_of_bf16, lower, upper);
}

const svk_format *svk_format_bf16(void) {
  static const svk_format format = {
      .block_length = 1, .block_bytes = 2, .decode = svk_decode_bf16,
      .encode = svk_encode_bf16, .row_dots = row_dots_bf16, .few_tokens = SVK_FEW_PLAIN_TOKENS,
      .head_scores = head_scores_bf16, .head_mix = head_mix_bf16, .recode = svk_encode_bf16,
      .cells = cells_bf16};
  return &format;
}
