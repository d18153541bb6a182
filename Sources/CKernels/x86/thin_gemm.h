/* The AVX-512 microkernels of products with a thin side: 12 x 32 sums as in tile.h, from numbers
 * that are read where they lie; or, of at most 8 columns, two rows in each vector of sums. */
#ifndef SVK_X86_THIN_GEMM_H
#define SVK_X86_THIN_GEMM_H

#include <immintrin.h>

#include "../gemm.h"

enum {
  LINE = 16,      /* floats */
  STEPS_AHEAD = 8 /* processors do not follow pieces of rows from page to page */
};

/* C (+)= alpha A B for B[p][j] at b[p * step + j], columns by `masks`. */
SVK_TARGET_AVX512 SVK_INLINE void thin_tile_of(const int rows, const int vectors,
                                               const __mmask16 *masks, svk_matrix a,
                                               int64_t steps, const float *b, int64_t step,
                                               float *c, int64_t ldc, svk_update update) {
  __m512 sums[SVK_TILE][2], values[2];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) sums[i][0] = sums[i][1] = _mm512_setzero_ps();
  const float *from = a.a;
  for (int64_t p = 0; p < steps; p++, b += step, from += a.column_stride) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      values[v] = _mm512_maskz_loadu_ps(masks[v], b + 16 * v);
      __builtin_prefetch(b + STEPS_AHEAD * step + 16 * v);
    }
    if (p % LINE == 0) { /* the next tile's rows: none follows twelve itself */
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) __builtin_prefetch(from + (i + SVK_TILE) * a.row_stride);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      __m512 value = _mm512_set1_ps(from[i * a.row_stride]);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) sums[i][v] = _mm512_fmadd_ps(value, values[v], sums[i][v]);
    }
  }
  __m512 alpha = _mm512_set1_ps(update.alpha);
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++, c += ldc) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      __m512 old = update.accumulate ? _mm512_maskz_loadu_ps(masks[v], c + 16 * v)
                                     : _mm512_setzero_ps();
      _mm512_mask_storeu_ps(c + 16 * v, masks[v], _mm512_fmadd_ps(alpha, sums[i][v], old));
    }
  }
}

#define THIN_CASE(n, vectors)                                                                      \
  case n:                                                                                          \
    thin_tile_of(n, vectors, masks, a, steps, b, step, c, ldc, update);                            \
    break;
#define THIN_CASES(vectors)                                                                        \
  THIN_CASE(1, vectors) THIN_CASE(2, vectors) THIN_CASE(3, vectors) THIN_CASE(4, vectors)          \
  THIN_CASE(5, vectors) THIN_CASE(6, vectors) THIN_CASE(7, vectors) THIN_CASE(8, vectors)          \
  THIN_CASE(9, vectors) THIN_CASE(10, vectors) THIN_CASE(11, vectors) THIN_CASE(12, vectors)

/* Up to 12 rows and 32 columns. */
SVK_TARGET_AVX512 static void thin_tile(int rows, int columns, svk_matrix a, int64_t steps,
                                        const float *b, int64_t step, float *c, int64_t ldc,
                                        svk_update update) {
  const uint32_t all = columns < SVK_PANEL ? (1u << columns) - 1 : 0xffffffffu;
  const __mmask16 masks[2] = {(__mmask16)all, (__mmask16)(all >> 16)};
  if (columns > 16) {
    switch (rows) { THIN_CASES(2) }
  } else {
    switch (rows) { THIN_CASES(1) }
  }
}
#undef THIN_CASES
#undef THIN_CASE

enum { HALF = LINE / 2, PAIRS = SVK_TILE / 2 };

SVK_TARGET_AVX512 SVK_INLINE void keep_narrow(__m256 sum, int columns, float *c,
                                              svk_update update) {
  const __mmask8 mask = (__mmask8)((1u << columns) - 1);
  const __m256 old = update.accumulate ? _mm256_maskz_loadu_ps(mask, c) : _mm256_setzero_ps();
  _mm256_mask_storeu_ps(c, mask, _mm256_fmadd_ps(_mm256_set1_ps(update.alpha), sum, old));
}

/* Up to 12 rows and 8 columns where rows of A are contiguous:
 *
 *   sums of rows 2i, 2i+1   [ c(2i, 0..7)   | c(2i+1, 0..7)  ]
 *   += a permutation of A   [ a(2i, p) x 8  | a(2i+1, p) x 8 ]  x  [ b(p, 0..7) | b(p, 0..7) ]
 *
 * Sixteen positions of A are loaded at once; rows that are not there repeat the last. */
SVK_TARGET_AVX512 static void narrow_tile(int rows, int columns, svk_matrix a, int64_t steps,
                                          const float *b, int64_t step, float *c, int64_t ldc,
                                          svk_update update) {
  __m512 sums[PAIRS];
  const float *from[SVK_TILE];
  for (int i = 0; i < SVK_TILE; i++) from[i] = a.a + (i < rows ? i : rows - 1) * a.row_stride;
#pragma clang loop unroll(full)
  for (int i = 0; i < PAIRS; i++) sums[i] = _mm512_setzero_ps();
  const __m512i one = _mm512_set1_epi32(1);
  for (int64_t p = 0; p < steps; p += LINE) {
    const int count = steps - p < LINE ? (int)(steps - p) : LINE;
    const __mmask16 mask = (__mmask16)((1u << count) - 1);
    __m512 values[SVK_TILE];
#pragma clang loop unroll(full)
    for (int i = 0; i < SVK_TILE; i++) {
      values[i] = _mm512_maskz_loadu_ps(mask, from[i] + p);
      __builtin_prefetch(from[i] + p + SVK_TILE * a.row_stride);
    }
    __m512i at = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi32(LINE), 1);
    for (int q = 0; q < count; q++, b += step, at = _mm512_add_epi32(at, one)) {
      const __m512 both = _mm512_broadcast_f32x8(_mm256_loadu_ps(b));
#pragma clang loop unroll(full)
      for (int i = 0; i < PAIRS; i++) {
        const __m512 pair = _mm512_permutex2var_ps(values[2 * i], at, values[2 * i + 1]);
        sums[i] = _mm512_fmadd_ps(pair, both, sums[i]);
      }
    }
  }
  for (int i = 0; i < rows; i++) {
    const __m512d pair = _mm512_castps_pd(sums[i / 2]);
    const __m256d half = i % 2 ? _mm512_extractf64x4_pd(pair, 1) : _mm512_castpd512_pd256(pair);
    keep_narrow(_mm256_castpd_ps(half), columns, c + i * ldc, update);
  }
}

#endif
