/* F16: IEEE 754 binary16: sign, 5 bits of exponent, 10 of mantissa, little-endian.
 * Fast forms are in x86/f16.h. */
#include "cells.h"
#include "format.h"
#include "half.h"
#include "head_rows.h"
#include "plain_dots.h"

static void decode_f16__portable(const void *source, int64_t count, float *target) {
  const uint16_t *codes = source;
  for (int64_t i = 0; i < count; i++) target[i] = float_of_f16(codes[i]);
}

static void encode_f16__portable(const float *source, int64_t count, void *target) {
  uint16_t *codes = target;
  for (int64_t i = 0; i < count; i++) codes[i] = f16_of_float(source[i]);
}

SVK_INLINE float value_of(const uint8_t *code) {
  uint16_t half;
  memcpy(&half, code, 2);
  return float_of_f16(half);
}

SVK_INLINE void plain_values_of(const uint8_t *codes, svk_lanes *values) {
  float sixteen[16];
  for (int i = 0; i < 16; i++) sixteen[i] = value_of(codes + 2 * i);
  load_lanes(sixteen, values);
}

SVK_INLINE void head_lanes_of(const uint8_t *row, int64_t k, svk_lanes *values) {
  plain_values_of(row + 2 * k, values);
}

SVK_INLINE float head_value_of(const uint8_t *row, int64_t k) { return value_of(row + 2 * k); }

SVK_PLAIN_DOTS_OF(row_dots_f16__portable, 0, 2, plain_values_of, value_of)

#if SVK_X86
#include "x86/f16.h"
#endif

static void decode_f16(const void *source, int64_t count, float *target) {
  SVK_PICK(decode_f16)(source, count, target);
}

static void encode_f16(const float *source, int64_t count, void *target) {
  SVK_PICK(encode_f16)(source, count, target);
}

SVK_PLAIN_DOTS_ENTRY(row_dots_f16)
SVK_HEAD_ROWS(f16, 32, head_lanes_of, quick_head_lanes_of, wide_head_lanes_of, head_value_of)

static void cells_f16(const void *source, int64_t count, float *lower, float *upper) {
  svk_cells_between_codes(source, count, float_of_f16, lower, upper);
}

const svk_format *svk_format_f16(void) {
  static const svk_format format = {
      .block_length = 1, .block_bytes = 2, .decode = decode_f16,
      .encode = encode_f16, .row_dots = row_dots_f16, .few_tokens = SVK_FEW_PLAIN_TOKENS,
      .head_scores = head_scores_f16, .head_mix = head_mix_f16, .recode = encode_f16,
      .cells = cells_f16};
  return &format;
}
