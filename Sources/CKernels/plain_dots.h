/* Dots of unquantised rows with F32 activations, straight from the bytes as they lie: four rows
 * share each load of x, and every row keeps two sums, so that no chain of additions waits. */
#ifndef SVK_PLAIN_DOTS_H
#define SVK_PLAIN_DOTS_H

#include "lanes.h"

/* 16 values from `codes` on, and one: constants of each instance, so that they are inlined. */
typedef void (*plain_values)(const uint8_t *codes, svk_lanes *values);
typedef float (*plain_value)(const uint8_t *code);

/* One row times one token from column `k` on, after the rows' common part. */
SVK_INLINE float plain_tail(const uint8_t *row, const float *x, int64_t k, int64_t columns,
                            int64_t bytes, plain_value value) {
  float total = 0;
  for (; k < columns; k++) total += value(row + k * bytes) * x[k];
  return total;
}

SVK_INLINE void plain_dots(const int64_t rows, const uint8_t *from, int64_t row_bytes,
                           int64_t columns, const float *x, float *out, int64_t bytes,
                           plain_values values, plain_value value) {
  svk_lanes sums[4][2] = {{{0}}};
  int64_t k = 0;
  for (; k + 32 <= columns; k += 32) {
    for (int half = 0; half < 2; half++) {
      svk_lanes w, v;
      load_lanes(x + k + 16 * half, &v);
      for (int64_t r = 0; r < rows; r++) {
        values(from + r * row_bytes + (k + 16 * half) * bytes, &w);
        sums[r][half] += w * v;
      }
    }
  }
  for (int64_t r = 0; r < rows; r++) {
    sums[r][0] += sums[r][1];
    out[r] = sum_of_lanes(&sums[r][0]) +
             plain_tail(from + r * row_bytes, x, k, columns, bytes, value);
  }
}

/* The body of a format's row_dots: instances for four rows and for one. */
SVK_INLINE void plain_row_dots(const uint8_t *rows, int64_t row_bytes, int64_t row_count,
                               int64_t columns, const float *x, int64_t ldx, int64_t tokens,
                               float *out, int64_t bytes, plain_values values,
                               plain_value value) {
  for (int64_t t = 0; t < tokens; t++, x += ldx, out += 4) {
    if (row_count == 4) {
      plain_dots(4, rows, row_bytes, columns, x, out, bytes, values, value);
      continue;
    }
    for (int64_t r = 0; r < row_count; r++) {
      plain_dots(1, rows + r * row_bytes, row_bytes, columns, x, out + r, bytes, values, value);
    }
  }
}

#endif
