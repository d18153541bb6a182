/* Microkernels of F32 for AVX2 (6 x 16) and AVX-512 (12 x 32, tile.h).
 *
 * The number of rows is a constant of each instance, so that sums stay in registers: `CASE` makes
 * one per number. */
#include <immintrin.h>

#include "tile.h"

SVK_TARGET_AVX512 SVK_INLINE void add_values(__m512 *sums, const __m512 *value,
                                             const __m512 *panel) {
  *sums = _mm512_fmadd_ps(*value, *panel, *sums);
}

SVK_TILE_512(SVK_TARGET_AVX512, gemm_tile__avx512, add_values)

/* Up to 6 rows of a tile of `height`. */
SVK_TARGET_AVX2 SVK_INLINE void tile_256(const int rows, const float *tile, int height,
                                         int64_t steps, const float *panel, float *c, int64_t ldc,
                                         svk_update update) {
  __m256 left[6], right[6];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) left[i] = right[i] = _mm256_setzero_ps();
  for (int64_t p = 0; p < steps; p++) {
    __m256 b0 = _mm256_loadu_ps(panel), b1 = _mm256_loadu_ps(panel + 8);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      __m256 value = _mm256_set1_ps(tile[i]);
      left[i] = _mm256_fmadd_ps(value, b0, left[i]);
      right[i] = _mm256_fmadd_ps(value, b1, right[i]);
    }
    panel += SVK_PANEL;
    tile += height;
  }
  __m256 alpha = _mm256_set1_ps(update.alpha);
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    __m256 c0 = _mm256_setzero_ps(), c1 = c0;
    if (update.accumulate) {
      c0 = _mm256_loadu_ps(c);
      c1 = _mm256_loadu_ps(c + 8);
    }
    _mm256_storeu_ps(c, _mm256_fmadd_ps(alpha, left[i], c0));
    _mm256_storeu_ps(c + 8, _mm256_fmadd_ps(alpha, right[i], c1));
    c += ldc;
  }
}

#define CASE(n)                                                                                    \
  case n:                                                                                          \
    tile_256(n, tile, height, steps, panel, c, ldc, update);                                       \
    break;

/* 32 columns as two halves. */
SVK_TARGET_AVX2 static void half_tile(int rows, int columns, const float *tile, int height,
                                      int64_t steps, const float *panel, float *c, int64_t ldc,
                                      svk_update update) {
  for (int half = 0; 16 * half < columns; half++, panel += 16, c += 16) {
    switch (rows) {
      CASE(1) CASE(2) CASE(3)
      CASE(4) CASE(5) CASE(6)
    }
  }
}
#undef CASE

/* Twelve rows as six and six. */
SVK_TARGET_AVX2 static void gemm_tile__avx2(int rows, int columns, const float *tile,
                                            int64_t steps, const float *panel, float *c,
                                            int64_t ldc, svk_update update) {
  for (int i = 0; i < rows; i += 6) {
    int count = rows - i < 6 ? rows - i : 6;
    half_tile(count, columns, tile + i, rows, steps, panel, c + i * ldc, ldc, update);
  }
}
