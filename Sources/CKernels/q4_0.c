/* Q4_0: blocks of 32 values in 18 bytes: F16 scale d, then 16 bytes; byte j holds the code of
 * value j in its low half and that of value j + 16 in its high half; value = d (code - 8).
 * Encoding as ggml's reference: d = (the value of largest magnitude) / -8, so that it gets code
 * 0; code = min(15, floor(x / d + 8.5)), the product and sum rounded once. A block with a NaN has
 * the scale NaN, which no later value replaces. */
#include <math.h>
#include <string.h>

#include "block_dots.h"
#include "cells.h"
#include "format.h"
#include "head_rows.h"
#include "strips.h"

enum { LENGTH = 32, HALF = 16, BYTES = 18, GROUPS = 4 };
SVK_CHECK_LAYOUT(GROUPS, BYTES);

SVK_INLINE float block_scale(const uint8_t *block) {
  uint16_t code;
  memcpy(&code, block, 2);
  return float_of_f16(code);
}

SVK_INLINE void values_of(const uint8_t *block, svk_lanes *low, svk_lanes *high) {
  svk_byte_lanes codes;
  memcpy(&codes, block + 2, HALF);
  *low = __builtin_convertvector((codes & 15) - 8, svk_lanes);
  *high = __builtin_convertvector(((codes >> 4) & 15) - 8, svk_lanes);
}

SVK_INLINE void decode_q4_0_body(const void *source, int64_t count, float *target) {
  const uint8_t *block = source;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    float scale = block_scale(block);
    svk_lanes low, high;
    values_of(block, &low, &high);
    low *= scale;
    high *= scale;
    memcpy(target + i, &low, sizeof low);
    memcpy(target + i + HALF, &high, sizeof high);
  }
}
SVK_KERNEL(void, decode_q4_0, (const void *source, int64_t count, float *target),
           (source, count, target))

/* The sum in double is exact enough to round like a fused multiply-add on every machine. */
SVK_INLINE uint8_t code_of(float value, float inverse) {
  float shifted = (float)((double)value * (double)inverse + 8.5);
  return shifted >= 15 ? 15 : shifted > 0 ? (uint8_t)shifted : 0;
}

static void encode_q4_0(const float *source, int64_t count, void *target) {
  uint8_t *block = target;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    float largest = 0, extreme = 0;
    for (int j = 0; j < LENGTH; j++) {
      float magnitude = fabsf(source[i + j]);
      if (magnitude > largest || magnitude != magnitude) {
        largest = magnitude;
        extreme = source[i + j];
      }
    }
    float scale = extreme / -8;
    float inverse = scale != 0 ? 1 / scale : 0;
    uint16_t code = f16_of_float(scale);
    memcpy(block, &code, 2);
    for (int j = 0; j < HALF; j++) {
      uint8_t low = code_of(source[i + j], inverse), high = code_of(source[i + HALF + j], inverse);
      block[2 + j] = (uint8_t)(low | high << 4);
    }
  }
}

static void recode_q4_0(const float *source, int64_t count, void *target) {
  uint8_t *block = target;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    float scale = block_scale(block);
    if (scale == 0) continue; /* all codes mean 0: they stay */
    float inverse = 1 / scale;
    for (int j = 0; j < HALF; j++) {
      uint8_t low = code_of(source[i + j], inverse), high = code_of(source[i + HALF + j], inverse);
      block[2 + j] = (uint8_t)(low | high << 4);
    }
  }
}

static void cells_q4_0(const void *source, int64_t count, float *lower, float *upper) {
  svk_decode_q4_0(source, count, lower);
  svk_widen_cells(source, BYTES, block_scale, count, lower, upper);
}

SVK_INLINE void unpack_q4_0_body(const void *source, int64_t count, int8_t *codes, float *scales) {
  const uint8_t *block = source;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    scales[i / LENGTH] = block_scale(block);
    svk_byte_lanes both;
    memcpy(&both, block + 2, HALF);
    svk_byte_lanes low = (both & 15) - 8, high = ((both >> 4) & 15) - 8;
    memcpy(codes + i, &low, HALF);
    memcpy(codes + i + HALF, &high, HALF);
  }
}
SVK_KERNEL(void, unpack_q4_0, (const void *source, int64_t count, int8_t *codes, float *scales),
           (source, count, codes, scales))

/* Values k...k+15 of a row, as codes and as values. */
SVK_INLINE void codes_of(const uint8_t *row, int64_t k, svk_lanes *values) {
  svk_lanes low, high;
  values_of(row + k / LENGTH * BYTES, &low, &high);
  *values = k % LENGTH ? high : low;
}

SVK_SCALED_HEAD_ROWS(q4_0, LENGTH, BYTES, block_scale, codes_of)
SVK_BLOCK_DOTS(row_dots_q4_0, BYTES, values_of)

const svk_format *svk_format_q4_0(void) {
  static const svk_strip_layout strips = {GROUPS, 2, 0, 8};
  static const svk_format format = {LENGTH,          BYTES,
                                    svk_decode_q4_0, encode_q4_0,
                                    svk_row_dots_q4_0, svk_unpack_q4_0,
                                    &strips,         head_scores_q4_0,
                                    head_mix_q4_0,   recode_q4_0,
                                    cells_q4_0,      1};
  return &format;
}
