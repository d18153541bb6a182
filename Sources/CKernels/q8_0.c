/* Q8_0: blocks of 32 values in 34 bytes: F16 scale d, then 32 int8 codes q; value = d q.
 * Encoding as ggml's reference: d = max|x| / 127, codes rounded to nearest, halves away from zero.
 * A block with a NaN has the scale NaN: it must not look like numbers afterwards. */
#include <math.h>
#include <string.h>

#include "block_dots.h"
#include "cells.h"
#include "format.h"
#include "head_rows.h"
#include "strips.h"

enum { LENGTH = 32, BYTES = 34, GROUPS = 8 };
SVK_CHECK_LAYOUT(GROUPS, BYTES);

SVK_INLINE float block_scale(const uint8_t *block) {
  uint16_t code;
  memcpy(&code, block, 2);
  return float_of_f16(code);
}

SVK_INLINE void values_of(const uint8_t *block, svk_lanes *low, svk_lanes *high) {
  svk_byte_lanes codes;
  memcpy(&codes, block + 2, 16);
  *low = __builtin_convertvector(codes, svk_lanes);
  memcpy(&codes, block + 18, 16);
  *high = __builtin_convertvector(codes, svk_lanes);
}

SVK_INLINE void decode_q8_0_body(const void *source, int64_t count, float *target) {
  const uint8_t *block = source;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    float scale = block_scale(block);
    svk_lanes low, high;
    values_of(block, &low, &high);
    low *= scale;
    high *= scale;
    memcpy(target + i, &low, sizeof low);
    memcpy(target + i + 16, &high, sizeof high);
  }
}
SVK_KERNEL(void, decode_q8_0, (const void *source, int64_t count, float *target),
           (source, count, target))

SVK_INLINE void encode_q8_0_body(const float *source, int64_t count, void *target) {
  uint8_t *block = target;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    float scale = largest_of_32(source + i) / 127;
    float inverse = scale != 0 ? 1 / scale : 0;
    uint16_t code = f16_of_float(scale);
    memcpy(block, &code, 2);
    for (int j = 0; j < LENGTH; j++) {
      block[2 + j] = (uint8_t)svk_round_code(source[i + j] * inverse);
    }
  }
}
SVK_KERNEL(void, encode_q8_0, (const float *source, int64_t count, void *target),
           (source, count, target))

SVK_INLINE void recode_q8_0_body(const float *source, int64_t count, void *target) {
  uint8_t *block = target;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    float scale = block_scale(block);
    if (scale == 0) continue; /* all codes mean 0: they stay */
    float inverse = 1 / scale;
    for (int j = 0; j < LENGTH; j++) {
      float value = source[i + j] * inverse;
      value = value < 127 ? value : 127;
      value = value > -128 ? value : -128;
      block[2 + j] = (uint8_t)svk_round_code(value);
    }
  }
}
SVK_KERNEL(void, recode_q8_0, (const float *source, int64_t count, void *target),
           (source, count, target))

static void cells_q8_0(const void *source, int64_t count, float *lower, float *upper) {
  svk_decode_q8_0(source, count, lower);
  svk_widen_cells(source, BYTES, block_scale, count, lower, upper);
}

SVK_INLINE void unpack_q8_0_body(const void *source, int64_t count, int8_t *codes, float *scales) {
  const uint8_t *block = source;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    scales[i / LENGTH] = block_scale(block);
    memcpy(codes + i, block + 2, LENGTH);
  }
}
SVK_KERNEL(void, unpack_q8_0, (const void *source, int64_t count, int8_t *codes, float *scales),
           (source, count, codes, scales))

/* Values k...k+15 of a row, as codes and as values. */
SVK_INLINE void codes_of(const uint8_t *row, int64_t k, svk_lanes *values) {
  svk_byte_lanes codes;
  memcpy(&codes, row + k / LENGTH * BYTES + 2 + k % LENGTH, 16);
  *values = __builtin_convertvector(codes, svk_lanes);
}

SVK_SCALED_HEAD_ROWS(q8_0, LENGTH, BYTES, block_scale, codes_of)
SVK_BLOCK_DOTS(row_dots_q8_0, BYTES, values_of)

const svk_format *svk_format_q8_0(void) {
  static const svk_strip_layout strips = {GROUPS, 1, 0x80808080u, 128};
  static const svk_format format = {LENGTH,          BYTES,
                                    svk_decode_q8_0, svk_encode_q8_0,
                                    svk_row_dots_q8_0, svk_unpack_q8_0,
                                    &strips,         head_scores_q8_0,
                                    head_mix_q8_0,   svk_recode_q8_0,
                                    cells_q8_0,      1};
  return &format;
}
