/* Microkernels and panel transposition for AVX2 (6 x 16) and AVX-512 (12 x 32).
 *
 * The number of rows and the order of A are constants of each instance, so that sums stay in
 * registers and the broadcast operand has fixed offsets: `CASE` makes one instance per number of
 * rows. */
#include <immintrin.h>

#define SVK_ROW_STRIDE(across) ((across) ? 1 : SVK_TILE_LENGTH)
#define SVK_COLUMN_STRIDE(across) ((across) ? SVK_TILE_WIDTH : 1)

SVK_TARGET_AVX512 SVK_INLINE void tile_512(const int rows, const int across, const float *tile,
                                           int64_t k, const float *panel, float *c, int64_t ldc,
                                           svk_update update) {
  __m512 left[SVK_TILE], right[SVK_TILE];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) left[i] = right[i] = _mm512_setzero_ps();
  for (int64_t p = 0; p < k; p++) {
    __m512 b0 = _mm512_loadu_ps(panel), b1 = _mm512_loadu_ps(panel + 16);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      __m512 value = _mm512_set1_ps(tile[i * SVK_ROW_STRIDE(across)]);
      left[i] = _mm512_fmadd_ps(value, b0, left[i]);
      right[i] = _mm512_fmadd_ps(value, b1, right[i]);
    }
    panel += SVK_PANEL;
    tile += SVK_COLUMN_STRIDE(across);
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

SVK_TARGET_AVX2 SVK_INLINE void tile_256(const int rows, const int across, const float *tile,
                                         int64_t k, const float *panel, float *c, int64_t ldc,
                                         svk_update update) {
  __m256 left[6], right[6];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) left[i] = right[i] = _mm256_setzero_ps();
  for (int64_t p = 0; p < k; p++) {
    __m256 b0 = _mm256_loadu_ps(panel), b1 = _mm256_loadu_ps(panel + 8);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      __m256 value = _mm256_set1_ps(tile[i * SVK_ROW_STRIDE(across)]);
      left[i] = _mm256_fmadd_ps(value, b0, left[i]);
      right[i] = _mm256_fmadd_ps(value, b1, right[i]);
    }
    panel += SVK_PANEL;
    tile += SVK_COLUMN_STRIDE(across);
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
    if (across) tile_function(n, 1, tile, k, panel, c, ldc, update);                               \
    else tile_function(n, 0, tile, k, panel, c, ldc, update);                                      \
    break;

SVK_TARGET_AVX512 static void gemm_tile__avx512(int rows, int across, const float *tile, int64_t k,
                                                const float *panel, float *c, int64_t ldc,
                                                svk_update update) {
  switch (rows) {
    CASE(tile_512, 1) CASE(tile_512, 2) CASE(tile_512, 3) CASE(tile_512, 4)
    CASE(tile_512, 5) CASE(tile_512, 6) CASE(tile_512, 7) CASE(tile_512, 8)
    CASE(tile_512, 9) CASE(tile_512, 10) CASE(tile_512, 11) CASE(tile_512, 12)
  }
}

/* Twelve rows as six and six, 32 columns as two halves. */
SVK_TARGET_AVX2 static void gemm_tile__avx2(int rows, int across, const float *tile, int64_t k,
                                            const float *panel, float *c, int64_t ldc,
                                            svk_update update) {
  if (rows > 6) {
    gemm_tile__avx2(6, across, tile, k, panel, c, ldc, update);
    gemm_tile__avx2(rows - 6, across, tile + 6 * SVK_ROW_STRIDE(across), k, panel, c + 6 * ldc,
                    ldc, update);
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

/* 8 rows x 8 columns at a time, by pairs, fours and halves. */
SVK_TARGET_AVX2 SVK_INLINE void transpose_8x8(const float *rows, int64_t stride, float *panel) {
  __m256 r[8], s[8];
  for (int i = 0; i < 8; i++) r[i] = _mm256_loadu_ps(rows + i * stride);
  for (int i = 0; i < 8; i += 2) {
    s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xee);
    r[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xee);
  }
  for (int i = 0; i < 4; i++) {
    _mm256_storeu_ps(panel + i * SVK_PANEL, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    _mm256_storeu_ps(panel + (i + 4) * SVK_PANEL, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
}

SVK_TARGET_AVX2 static void gemm_transpose__avx2(const float *rows, int64_t stride, int64_t count,
                                                 int64_t k, float *panel) {
  if (count < SVK_PANEL) {
    gemm_transpose__portable(rows, stride, count, k, panel);
    return;
  }
  int64_t whole = k & ~(int64_t)7;
  for (int64_t p = 0; p < whole; p += 8) {
    for (int64_t r = 0; r < SVK_PANEL; r += 8) {
      transpose_8x8(rows + r * stride + p, stride, panel + p * SVK_PANEL + r);
    }
  }
  for (int64_t p = whole; p < k; p++) {
    for (int64_t r = 0; r < SVK_PANEL; r++) panel[p * SVK_PANEL + r] = rows[r * stride + p];
  }
}

/* Stores of full lines matter more than wider shuffles: the AVX2 form serves AVX-512 as well. */
#define gemm_transpose__avx512 gemm_transpose__avx2
