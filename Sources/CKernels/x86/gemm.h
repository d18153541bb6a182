/* Microkernels for AVX2 (6 x 16) and AVX-512 (12 x 32).
 *
 * The number of rows is a constant of each instance, so that sums stay in registers: `CASE` makes
 * one per number. */
#include <immintrin.h>

SVK_TARGET_AVX512 SVK_INLINE void tile_512(const int rows, const float *tile, int64_t k,
                                           const float *panel, float *c, int64_t ldc,
                                           svk_update update) {
  __m512 left[SVK_TILE], right[SVK_TILE];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    left[i] = right[i] = _mm512_setzero_ps();
    __builtin_prefetch(c + i * ldc, 1); /* needed when the sums are ready */
    __builtin_prefetch(c + i * ldc + 16, 1);
  }
  for (int64_t p = 0; p < k; p++) {
    __m512 b0 = _mm512_loadu_ps(panel), b1 = _mm512_loadu_ps(panel + 16);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      __m512 value = _mm512_set1_ps(tile[i]);
      left[i] = _mm512_fmadd_ps(value, b0, left[i]);
      right[i] = _mm512_fmadd_ps(value, b1, right[i]);
    }
    panel += SVK_PANEL;
    tile += SVK_TILE;
  }
  __m512 alpha = _mm512_set1_ps(update.alpha);
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    __m512 c0 = _mm512_setzero_ps(), c1 = c0;
    if (update.accumulate) {
      c0 = _mm512_loadu_ps(c);
      c1 = _mm512_loadu_ps(c + 16);
    }
    _mm512_storeu_ps(c, _mm512_fmadd_ps(alpha, left[i], c0));
    _mm512_storeu_ps(c + 16, _mm512_fmadd_ps(alpha, right[i], c1));
    c += ldc;
  }
}

SVK_TARGET_AVX2 SVK_INLINE void tile_256(const int rows, const float *tile, int64_t k,
                                         const float *panel, float *c, int64_t ldc,
                                         svk_update update) {
  __m256 left[6], right[6];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) left[i] = right[i] = _mm256_setzero_ps();
  for (int64_t p = 0; p < k; p++) {
    __m256 b0 = _mm256_loadu_ps(panel), b1 = _mm256_loadu_ps(panel + 8);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      __m256 value = _mm256_set1_ps(tile[i]);
      left[i] = _mm256_fmadd_ps(value, b0, left[i]);
      right[i] = _mm256_fmadd_ps(value, b1, right[i]);
    }
    panel += SVK_PANEL;
    tile += SVK_TILE;
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

#define CASE(tile_function, n)                                                                     \
  case n:                                                                                          \
    tile_function(n, tile, k, panel, c, ldc, update);                                              \
    break;

SVK_TARGET_AVX512 static void gemm_tile__avx512(int rows, const float *tile, int64_t k,
                                                const float *panel, float *c, int64_t ldc,
                                                svk_update update) {
  switch (rows) {
    CASE(tile_512, 1) CASE(tile_512, 2) CASE(tile_512, 3) CASE(tile_512, 4)
    CASE(tile_512, 5) CASE(tile_512, 6) CASE(tile_512, 7) CASE(tile_512, 8)
    CASE(tile_512, 9) CASE(tile_512, 10) CASE(tile_512, 11) CASE(tile_512, 12)
  }
}

/* Twelve rows as six and six, 32 columns as two halves. */
SVK_TARGET_AVX2 static void gemm_tile__avx2(int rows, const float *tile, int64_t k,
                                            const float *panel, float *c, int64_t ldc,
                                            svk_update update) {
  if (rows > 6) {
    gemm_tile__avx2(6, tile, k, panel, c, ldc, update);
    gemm_tile__avx2(rows - 6, tile + 6, k, panel, c + 6 * ldc, ldc, update);
    return;
  }
  for (int half = 0; half < 2; half++, panel += 16, c += 16) {
    switch (rows) {
      CASE(tile_256, 1) CASE(tile_256, 2) CASE(tile_256, 3)
      CASE(tile_256, 4) CASE(tile_256, 5) CASE(tile_256, 6)
    }
  }
}
#undef CASE
