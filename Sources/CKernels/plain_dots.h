/* Dots of unquantised rows with F32 activations, straight from the bytes as they lie. One token:
 * four rows share each load of x, and every row keeps two sums, so that no chain of additions
 * waits. Several: tiles of four rows and up to six tokens, as many sums as AVX-512 has registers
 * for; elsewhere tokens come one by one. Such products wait for memory, and processors follow
 * neither four rows at once nor a row beyond its page: what comes later is asked for. */
#ifndef SVK_PLAIN_DOTS_H
#define SVK_PLAIN_DOTS_H

#include "lanes.h"

/* 16 values from `codes` on, and one: constants of each instance, so that they are inlined. */
typedef void (*plain_values)(const uint8_t *codes, svk_lanes *values);
typedef float (*plain_value)(const uint8_t *code);

/* How far beyond its place a row is asked for: some rows on, or far on in its own. No multiple of
 * a page: rows of whole pages would then put all of it into one set of the first cache. Where
 * several tokens keep the core busy, long rows come fast enough by themselves. */
enum { SVK_ROWS_AHEAD = 9728, SVK_LONG_ROW = 4096 };

/* Asks for it once a line; `done` bytes of the row, by sixteen values, lie behind. */
SVK_INLINE void ask_place_ahead(const uint8_t *place, int64_t done) {
  if (done % 64 == 0) __builtin_prefetch(place + SVK_ROWS_AHEAD);
}

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
        const uint8_t *place = from + r * row_bytes + (k + 16 * half) * bytes;
        ask_place_ahead(place, 16 * half * bytes);
        values(place, &w);
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

enum { SVK_DOT_TOKENS = 6 }; /* of a tile */

/* Four rows, or one, times `tokens` (2...6): every load serves several sums. */
SVK_INLINE void plain_tile(const int64_t rows, const int64_t tokens, const uint8_t *from,
                           int64_t row_bytes, int64_t columns, const float *x, int64_t ldx,
                           float *out, int64_t bytes, plain_values values, plain_value value) {
  svk_lanes sums[SVK_DOT_TOKENS][4] = {{{0}}};
  const int asks = row_bytes < SVK_LONG_ROW;
  int64_t k = 0;
  for (; k + 16 <= columns; k += 16) {
    svk_lanes w[4], v;
    for (int64_t r = 0; r < rows; r++) {
      const uint8_t *place = from + r * row_bytes + k * bytes;
      if (asks) ask_place_ahead(place, k * bytes);
      values(place, &w[r]);
    }
    for (int64_t t = 0; t < tokens; t++) {
      load_lanes(x + t * ldx + k, &v);
      for (int64_t r = 0; r < rows; r++) sums[t][r] += w[r] * v;
    }
  }
  for (int64_t t = 0; t < tokens; t++) {
    for (int64_t r = 0; r < rows; r++) {
      out[4 * t + r] = sum_of_lanes(&sums[t][r]) +
                       plain_tail(from + r * row_bytes, x + t * ldx, k, columns, bytes, value);
    }
  }
}

#define SVK_TILE_CASE(n)                                                                           \
  case n:                                                                                          \
    plain_tile(rows, n, from, row_bytes, columns, x, ldx, out, bytes, values, value);              \
    break;

/* Four rows, or one, times any number of tokens. `tiles`: whether several go together. A row's sums
 * have the same order whatever rows stand beside it. */
SVK_INLINE void plain_rows(const int64_t rows, const int tiles, const uint8_t *from,
                           int64_t row_bytes, int64_t columns, const float *x, int64_t ldx,
                           int64_t tokens, float *out, int64_t bytes, plain_values values,
                           plain_value value) {
  for (int64_t count; tokens > 0; tokens -= count, x += count * ldx, out += count * 4) {
    count = !tiles ? 1 : tokens < SVK_DOT_TOKENS ? tokens : SVK_DOT_TOKENS;
    switch (count) {
      case 1:
        plain_dots(rows, from, row_bytes, columns, x, out, bytes, values, value);
        break;
      SVK_TILE_CASE(2) SVK_TILE_CASE(3) SVK_TILE_CASE(4) SVK_TILE_CASE(5) SVK_TILE_CASE(6)
    }
  }
}
#undef SVK_TILE_CASE

/* A format's row_dots; `tiles` is a constant of its instruction set. */
SVK_INLINE void plain_row_dots(const int tiles, const uint8_t *rows, int64_t row_bytes,
                               int64_t row_count, int64_t columns, const float *x, int64_t ldx,
                               int64_t tokens, float *out, int64_t bytes, plain_values values,
                               plain_value value) {
  if (row_count == 4) {
    plain_rows(4, tiles, rows, row_bytes, columns, x, ldx, tokens, out, bytes, values, value);
    return;
  }
  for (int64_t r = 0; r < row_count; r++) {
    plain_rows(1, tiles, rows + r * row_bytes, row_bytes, columns, x, ldx, tokens, out + r, bytes,
               values, value);
  }
}

#define SVK_DOTS_PARAMETERS                                                                        \
  (const uint8_t *rows, int64_t row_bytes, int64_t row_count, int64_t columns, const float *x,     \
   int64_t ldx, int64_t tokens, float *out)

/* The row_dots of a format with `bytes` bytes a value, for one instruction set. */
#define SVK_PLAIN_DOTS_OF(name, tiles, bytes, values, value)                                       \
  static void name SVK_DOTS_PARAMETERS {                                                           \
    plain_row_dots(tiles, rows, row_bytes, row_count, columns, x, ldx, tokens, out, bytes, values, \
                   value);                                                                         \
  }

/* The same for every instruction set, where one body does for all. */
#if SVK_X86
#define SVK_PLAIN_DOTS(name, bytes, values, value)                                                 \
  SVK_PLAIN_DOTS_OF(name##__portable, 0, bytes, values, value)                                     \
  SVK_TARGET_AVX2 SVK_PLAIN_DOTS_OF(name##__avx2, 0, bytes, values, value)                         \
  SVK_TARGET_AVX512 SVK_PLAIN_DOTS_OF(name##__avx512, 1, bytes, values, value)                     \
  SVK_PLAIN_DOTS_ENTRY(name)
#else
#define SVK_PLAIN_DOTS(name, bytes, values, value)                                                 \
  SVK_PLAIN_DOTS_OF(name##__portable, 0, bytes, values, value)                                     \
  SVK_PLAIN_DOTS_ENTRY(name)
#endif

#define SVK_PLAIN_DOTS_ENTRY(name)                                                                 \
  static void name SVK_DOTS_PARAMETERS {                                                           \
    SVK_PICK(name)(rows, row_bytes, row_count, columns, x, ldx, tokens, out);                      \
  }

#endif
