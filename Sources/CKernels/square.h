/* Turning squares of 16 x 16 floats, rows into lanes: pairs, then fours of numbers change places
 * within quarters of a row, then whole quarters. No shuffle needs a table in a register. */
#ifndef SVK_SQUARE_H
#define SVK_SQUARE_H

#include "kernels.h"
#include "lanes.h"

enum { SVK_SQUARE = 16 };

#define SVK_PAIRS(a, b, i, j)                                                                      \
  __builtin_shufflevector(a, b, i, i + 16, j, j + 16, i + 4, i + 20, j + 4, j + 20, i + 8, i + 24, \
                          j + 8, j + 24, i + 12, i + 28, j + 12, j + 28)
#define SVK_FOURS(a, b, i, j)                                                                      \
  __builtin_shufflevector(a, b, i, j, i + 16, j + 16, i + 4, j + 4, i + 20, j + 20, i + 8, j + 8,  \
                          i + 24, j + 24, i + 12, j + 12, i + 28, j + 28)
#define SVK_QUARTERS(a, b, i)                                                                      \
  __builtin_shufflevector(a, b, i, i + 1, i + 2, i + 3, i + 8, i + 9, i + 10, i + 11, i + 16,      \
                          i + 17, i + 18, i + 19, i + 24, i + 25, i + 26, i + 27)

/* square[r][c] becomes square[c][r]. */
SVK_INLINE void turn_square(svk_lanes *square) {
  svk_lanes other[SVK_SQUARE];
  for (int r = 0; r < SVK_SQUARE; r += 2) {
    other[r] = SVK_PAIRS(square[r], square[r + 1], 0, 1);
    other[r + 1] = SVK_PAIRS(square[r], square[r + 1], 2, 3);
  }
  for (int r = 0; r < SVK_SQUARE; r += 4) { /* square[r + c]: columns c, c + 4 … of four rows */
    square[r] = SVK_FOURS(other[r], other[r + 2], 0, 1);
    square[r + 1] = SVK_FOURS(other[r], other[r + 2], 2, 3);
    square[r + 2] = SVK_FOURS(other[r + 1], other[r + 3], 0, 1);
    square[r + 3] = SVK_FOURS(other[r + 1], other[r + 3], 2, 3);
  }
  for (int c = 0; c < 4; c++) {
    svk_lanes even[2], odd[2];
    for (int half = 0; half < 2; half++) {
      const svk_lanes *rows = square + 8 * half + c;
      even[half] = SVK_QUARTERS(rows[0], rows[4], 0);
      odd[half] = SVK_QUARTERS(rows[0], rows[4], 4);
    }
    other[c] = SVK_QUARTERS(even[0], even[1], 0);
    other[c + 4] = SVK_QUARTERS(odd[0], odd[1], 0);
    other[c + 8] = SVK_QUARTERS(even[0], even[1], 4);
    other[c + 12] = SVK_QUARTERS(odd[0], odd[1], 4);
  }
  memcpy(square, other, sizeof other);
}

/* Up to 16 rows of up to 16 columns, `stride` apart; the rest of the square is zero. */
SVK_INLINE void load_square(const float *from, int64_t stride, int64_t rows, int64_t columns,
                            svk_lanes *square) {
  if (rows >= SVK_SQUARE && columns == SVK_SQUARE) {
    for (int r = 0; r < SVK_SQUARE; r++) load_lanes(from + r * stride, &square[r]);
    return;
  }
  for (int64_t r = 0; r < SVK_SQUARE; r++) {
    svk_lanes row = {0};
    if (r < rows && columns == SVK_SQUARE) load_lanes(from + r * stride, &row);
    else if (r < rows) memcpy(&row, from + r * stride, (size_t)columns * sizeof(float));
    square[r] = row;
  }
}

/* to[p * step + r] = rows[r * stride + p] for r < 16 and p < k, squares side by side; rows beyond
 * `count` give zeros. Whole lanes are stored, in order: where `step` is below 16 the next column
 * goes over the end of the last, and the end of all lies beyond k * step. */
SVK_INLINE void turn_rows(const float *rows, int64_t stride, int64_t count, int64_t k, float *to,
                          int64_t step) {
  for (int64_t p = 0; p < k; p += SVK_SQUARE) {
    int64_t columns = k - p < SVK_SQUARE ? k - p : SVK_SQUARE;
    svk_lanes square[SVK_SQUARE];
    load_square(rows + p, stride, count, columns, square);
    for (int64_t r = 0; r < SVK_SQUARE && r < count; r++) {
      __builtin_prefetch(rows + (r + SVK_SQUARE) * stride + p); /* none follows 16 rows itself */
    }
    turn_square(square);
    for (int64_t q = 0; q < columns; q++) {
      memcpy(to + (p + q) * step, &square[q], sizeof square[q]);
    }
  }
}

/* y (+)= alpha times a panel [order][16] of up to 16 tokens, turned back into rows. */
SVK_INLINE void turn_back(const float *panel, int64_t tokens, int64_t order, float *y, int64_t ldy,
                          svk_update update) {
  for (int64_t i = 0; i < order; i += SVK_SQUARE) {
    int64_t width = order - i < SVK_SQUARE ? order - i : SVK_SQUARE;
    svk_lanes square[SVK_SQUARE];
    load_square(panel + i * SVK_SQUARE, SVK_SQUARE, width, SVK_SQUARE, square);
    turn_square(square);
    for (int64_t t = 0; t < tokens; t++) {
      size_t bytes = (size_t)width * sizeof(float);
      svk_lanes old = {0};
      if (update.accumulate && width == SVK_SQUARE) load_lanes(y + t * ldy + i, &old);
      else if (update.accumulate) memcpy(&old, y + t * ldy + i, bytes);
      old += update.alpha * square[t];
      if (width == SVK_SQUARE) memcpy(y + t * ldy + i, &old, sizeof old);
      else memcpy(y + t * ldy + i, &old, bytes);
    }
  }
}

#endif
