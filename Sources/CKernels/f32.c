/* F32: values as they are. */
#include <string.h>

#include "format.h"
#include "head_rows.h"
#include "plain_dots.h"

static void copy_values(const void *source, int64_t count, void *target) {
  memcpy(target, source, (size_t)count * sizeof(float));
}

static void decode_f32(const void *source, int64_t count, float *target) {
  copy_values(source, count, target);
}

static void encode_f32(const float *source, int64_t count, void *target) {
  copy_values(source, count, target);
}

SVK_INLINE void values_of(const uint8_t *codes, svk_lanes *values) {
  memcpy(values, codes, sizeof *values);
}

SVK_INLINE float value_of(const uint8_t *code) {
  float value;
  memcpy(&value, code, sizeof value);
  return value;
}

SVK_PLAIN_DOTS(row_dots_f32, 4, values_of, value_of)

SVK_INLINE void head_lanes_of(const uint8_t *row, int64_t k, svk_lanes *values) {
  values_of(row + 4 * k, values);
}

SVK_INLINE float head_value_of(const uint8_t *row, int64_t k) { return value_of(row + 4 * k); }

SVK_HEAD_ROWS(f32, 64, head_lanes_of, head_lanes_of, head_lanes_of, head_value_of)

/* Nothing is rounded: a value stands for itself. */
static void cells_f32(const void *source, int64_t count, float *lower, float *upper) {
  decode_f32(source, count, lower);
  decode_f32(source, count, upper);
}

const svk_format *svk_format_f32(void) {
  static const svk_format format = {
      .block_length = 1, .block_bytes = 4, .decode = decode_f32,
      .encode = encode_f32, .row_dots = row_dots_f32, .few_tokens = SVK_FEW_PLAIN_TOKENS,
      .head_scores = head_scores_f32, .head_mix = head_mix_f32, .recode = encode_f32,
      .cells = cells_f32};
  return &format;
}
