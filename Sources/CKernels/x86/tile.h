/* The AVX-512 microkernel: 12 x 32 sums in registers, whatever a step's 4 bytes hold.
 *
 * The number of rows is a constant of each instance, so that sums stay in registers: one instance
 * per number. */
#ifndef SVK_X86_TILE_H
#define SVK_X86_TILE_H

#include <immintrin.h>

#include "../gemm.h"

/* sums += value panel for 16 columns: a constant of each instance, so that it is inlined. */
typedef void (*svk_add_products)(__m512 *sums, const __m512 *value, const __m512 *panel);

SVK_TARGET_AVX512 SVK_INLINE void tile_512(const int rows, const float *tile, int64_t steps,
                                           const float *panel, float *c, int64_t ldc,
                                           svk_update update, svk_add_products add) {
  __m512 left[SVK_TILE], right[SVK_TILE];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
    left[i] = right[i] = _mm512_setzero_ps();
    __builtin_prefetch(c + i * ldc, 1); /* needed when the sums are ready */
    __builtin_prefetch(c + i * ldc + 16, 1);
  }
  for (int64_t p = 0; p < steps; p++) {
    __m512 b0 = _mm512_loadu_ps(panel), b1 = _mm512_loadu_ps(panel + 16);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      __m512 value = _mm512_set1_ps(tile[i]);
      add(&left[i], &value, &b0);
      add(&right[i], &value, &b1);
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

#define SVK_TILE_512_CASE(n, add)                                                                  \
  case n:                                                                                          \
    tile_512(n, tile, steps, panel, c, ldc, update, add);                                          \
    break;

/* A multiply_tile (gemm.h) for one way to add products; `target` has its instructions. */
#define SVK_TILE_512(target, name, add)                                                            \
  target static void name(int rows, const float *tile, int64_t steps, const float *panel,          \
                          float *c, int64_t ldc, svk_update update) {                              \
    switch (rows) {                                                                                \
      SVK_TILE_512_CASE(1, add) SVK_TILE_512_CASE(2, add) SVK_TILE_512_CASE(3, add)                \
      SVK_TILE_512_CASE(4, add) SVK_TILE_512_CASE(5, add) SVK_TILE_512_CASE(6, add)                \
      SVK_TILE_512_CASE(7, add) SVK_TILE_512_CASE(8, add) SVK_TILE_512_CASE(9, add)                \
      SVK_TILE_512_CASE(10, add) SVK_TILE_512_CASE(11, add) SVK_TILE_512_CASE(12, add)             \
    }                                                                                              \
  }

#endif
