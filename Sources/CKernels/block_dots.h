/* Dots of block-quantised rows with F32 activations, for formats with a scale per 32 values: the
 * codes of a block become 32 floats, are multiplied with x, and the block's sum takes the scale
 * once. */
#ifndef SVK_BLOCK_DOTS_H
#define SVK_BLOCK_DOTS_H

#include "half.h"
#include "lanes.h"

/* Codes of one block as floats (a constant of each instance, so that it is inlined). */
typedef void (*block_values)(const uint8_t *block, svk_lanes *low, svk_lanes *high);

SVK_INLINE void block_dots(const uint8_t *rows, int64_t row_bytes, int64_t row_count,
                           int64_t columns, const float *x, int64_t ldx, int64_t tokens,
                           float *out, int64_t block_bytes, block_values values) {
  for (int64_t r = 0; r < row_count; r++) {
    const uint8_t *block = rows + r * row_bytes;
    svk_lanes sums[3] = {{0}, {0}, {0}};
    for (int64_t k = 0; k < columns; k += 32, block += block_bytes) {
      uint16_t code;
      memcpy(&code, block, 2);
      float scale = float_of_f16(code);
      svk_lanes low, high, x0, x1;
      values(block, &low, &high);
      for (int64_t t = 0; t < tokens; t++) {
        load_lanes(x + t * ldx + k, &x0);
        load_lanes(x + t * ldx + k + 16, &x1);
        sums[t] += scale * (low * x0 + high * x1);
      }
    }
    for (int64_t t = 0; t < tokens; t++) out[t * 4 + r] = sum_of_lanes(&sums[t]);
  }
}

/* One instance per number of tokens, so that the sums stay in registers. */
#define SVK_BLOCK_DOTS(name, block_bytes, values)                                                  \
  SVK_INLINE void name##_body(const uint8_t *rows, int64_t row_bytes, int64_t row_count,           \
                              int64_t columns, const float *x, int64_t ldx, int64_t tokens,        \
                              float *out) {                                                        \
    switch (tokens) {                                                                              \
      case 1:                                                                                      \
        block_dots(rows, row_bytes, row_count, columns, x, ldx, 1, out, block_bytes, values);      \
        break;                                                                                     \
      case 2:                                                                                      \
        block_dots(rows, row_bytes, row_count, columns, x, ldx, 2, out, block_bytes, values);      \
        break;                                                                                     \
      default:                                                                                     \
        block_dots(rows, row_bytes, row_count, columns, x, ldx, 3, out, block_bytes, values);      \
    }                                                                                              \
  }                                                                                                \
  SVK_KERNEL(void, name,                                                                           \
             (const uint8_t *rows, int64_t row_bytes, int64_t row_count, int64_t columns,          \
              const float *x, int64_t ldx, int64_t tokens, float *out),                            \
             (rows, row_bytes, row_count, columns, x, ldx, tokens, out))

#endif
