/* Q8_0: blocks of 32 values in 34 bytes: F16 scale d, then 32 int8 codes q; value = d q.
 * Encoding as ggml's reference: d = max|x| / 127, codes rounded to nearest, halves away from zero.
 * A block with a NaN has the scale NaN: it must not look like numbers afterwards. */
#include "block_dots.h"
#include "blocks.h"
#include "cells.h"
#include "head_rows.h"
#include "strips.h"

enum { LENGTH = 32, BYTES = 34 };

SVK_INLINE float block_scale(const uint8_t *block) { return half_at(block); }

SVK_INLINE void values_of(const uint8_t *block, svk_lanes *low, svk_lanes *high) {
  svk_byte_lanes codes;
  memcpy(&codes, block + 2, 16);
  *low = __builtin_convertvector(codes, svk_lanes);
  memcpy(&codes, block + 18, 16);
  *high = __builtin_convertvector(codes, svk_lanes);
}

SVK_INLINE void unpack_block(const uint8_t *block, int8_t *codes, float *scales, float *mins) {
  (void)mins;
  memcpy(codes, block + 2, LENGTH);
  scales[0] = scales[1] = block_scale(block);
}
SVK_BLOCKS(q8_0, LENGTH, BYTES, 0, unpack_block)

SVK_INLINE void encode_q8_0_body(const float *source, int64_t count, void *target) {
  uint8_t *block = target;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    float scale = largest_of_32(source + i) / 127;
    float inverse = scale != 0 ? 1 / scale : 0;
    put_half(block, scale);
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

/* Values k...k+15 of a row, as codes and as values. */
SVK_INLINE void codes_of(const uint8_t *row, int64_t k, svk_lanes *values) {
  svk_byte_lanes codes;
  memcpy(&codes, row + k / LENGTH * BYTES + 2 + k % LENGTH, 16);
  *values = __builtin_convertvector(codes, svk_lanes);
}

SVK_SCALED_HEAD_ROWS(q8_0, LENGTH, BYTES, block_scale, codes_of)
SVK_BLOCK_DOTS(row_dots_q8_0, BYTES, values_of)

#if SVK_X86
#include "x86/q8_0.h"
#endif
SVK_STRIP_LAYOUT(q8_0, 8, SVK_LONE_BEFORE, 0x80808080u, 0)

const svk_format *svk_format_q8_0(void) {
  static const svk_format format = {
      SVK_BLOCK_FIELDS(q8_0, LENGTH, BYTES), .encode = svk_encode_q8_0,
      .row_dots = svk_row_dots_q8_0, .strips = &strips_q8_0, .head_scores = head_scores_q8_0,
      .head_mix = head_mix_q8_0, .recode = svk_recode_q8_0, .cells = cells_q8_0, .has_scale = 1};
  return &format;
}
