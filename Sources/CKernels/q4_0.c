/* Q4_0: blocks of 32 values in 18 bytes: F16 scale d, then 16 bytes; byte j holds the code of
 * value j in its low half and that of value j + 16 in its high half; value = d (code - 8).
 * Encoding as ggml's reference: d = (the value of largest magnitude) / -8, so that it gets code
 * 0; code = min(15, floor(x / d + 8.5)), the product and sum rounded once. A block with a NaN has
 * the scale NaN, which no later value replaces. Where values have an importance, by a search. */
#include "block_dots.h"
#include "blocks.h"
#include "cells.h"
#include "head_rows.h"
#include "strips.h"

enum { LENGTH = 32, HALF = 16, BYTES = 18, ZERO = 8 };

SVK_INLINE float block_scale(const uint8_t *block) { return half_at(block); }

SVK_INLINE void values_of(const uint8_t *block, svk_lanes *low, svk_lanes *high) {
  svk_byte_lanes first, second;
  halves_at(block + 2, &first, &second);
  *low = __builtin_convertvector(first - ZERO, svk_lanes);
  *high = __builtin_convertvector(second - ZERO, svk_lanes);
}

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  svk_byte_lanes low, high;
  (void)mins;
  halves_at(block + 2, &low, &high);
  low -= ZERO;
  high -= ZERO;
  store_bytes(&low, codes);
  store_bytes(&high, codes + HALF);
  scales[0] = scales[1] = block_scale(block);
}
SVK_BLOCKS(q4_0, LENGTH, BYTES, 0, unpack_block)

SVK_INLINE void put_codes(const float *values, float inverse, uint8_t *place) {
  for (int j = 0; j < HALF; j++) {
    uint8_t low = code_of(values[j], inverse, ZERO + 0.5f, 2 * ZERO - 1);
    uint8_t high = code_of(values[HALF + j], inverse, ZERO + 0.5f, 2 * ZERO - 1);
    place[j] = (uint8_t)(low | high << 4);
  }
}

static void encode_q4_0(const float *source, int64_t count, void *target) {
  uint8_t *block = target;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    float scale = extreme_of(source + i, LENGTH) / -ZERO;
    put_half(block, scale);
    put_codes(source + i, scale != 0 ? 1 / scale : 0, block + 2);
  }
}

static void recode_q4_0(const float *source, int64_t count, void *target) {
  uint8_t *block = target;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    float scale = block_scale(block);
    if (scale == 0) continue; /* all codes mean 0: they stay */
    put_codes(source + i, 1 / scale, block + 2);
  }
}

static void cells_q4_0(const void *source, int64_t count, float *lower, float *upper) {
  svk_decode_q4_0(source, count, lower);
  svk_widen_cells(source, BYTES, block_scale, count, lower, upper);
}

/* Values k...k+15 of a row, as codes and as values. */
SVK_INLINE void codes_of(const uint8_t *row, int64_t k, svk_lanes *values) {
  svk_lanes low, high;
  values_of(row + k / LENGTH * BYTES, &low, &high);
  *values = k % LENGTH ? high : low;
}

SVK_SCALED_HEAD_ROWS(q4_0, LENGTH, BYTES, block_scale, codes_of)
SVK_BLOCK_DOTS(row_dots_q4_0, BYTES, values_of)

/* Not above: from here on no sum is contracted, so that every processor finds the same bytes. */
#include "fit_blocks.h"

SVK_INLINE void nearest_code(const svk_lanes *values, svk_lanes *numbers) {
  round_between(values, -ZERO, ZERO - 1, numbers);
}

SVK_INLINE void fit_one(const float *x, const float *importance, uint8_t *block) {
  fit_group group;
  signed_fit found;
  load_group(x, importance, 2, &group);
  fit_signed(&group, 2, ZERO, ZERO - 1, 80, (fit_steps){-9, 9}, nearest_code, &found);
  put_half(block, found.scale);
  float scale = block_scale(block);
  put_codes(x, scale != 0 ? 1 / scale : 0, block + 2);
}
SVK_FITS(q4_0, LENGTH, BYTES, 0, fit_one)

#if SVK_X86
#include "x86/q4_0.h"
#endif
SVK_STRIP_LAYOUT(q4_0, 4, SVK_LONE_BEFORE, 0, 0)

const svk_format *svk_format_q4_0(void) {
  static const svk_format format = {
      SVK_BLOCK_FIELDS(q4_0, LENGTH, BYTES), .encode = encode_q4_0, .fit = svk_fit_q4_0,
      .row_dots = svk_row_dots_q4_0, .strips = &strips_q4_0, .head_scores = head_scores_q4_0,
      .head_mix = head_mix_q4_0, .recode = recode_q4_0, .cells = cells_q4_0, .has_scale = 1};
  return &format;
}
