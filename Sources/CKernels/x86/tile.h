/* The AVX-512 microkernel: 12 x 32 sums in registers, whatever a step's 4 bytes hold.
 *
 * The numbers of rows and of vectors of 16 columns are constants of each instance, so that sums
 * stay in registers. Narrow products, like those of adapters, need one vector. */
#ifndef SVK_X86_TILE_H
#define SVK_X86_TILE_H

#include <immintrin.h>

#include "../gemm.h"

/* sums += value panel for 16 columns: a constant of each instance, so that it is inlined. */
typedef void (*svk_add_products)(__m512 *sums, const __m512 *value, const __m512 *panel);

SVK_TARGET_AVX512 SVK_INLINE void tile_512(const int rows, const int vectors, const float *tile,
                                           int64_t steps, const float *panel, float *c,
                                           int64_t ldc, svk_update update, svk_add_products add) {
  __m512 sums[SVK_TILE][2], b[2];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      sums[i][v] = _mm512_setzero_ps();
      __builtin_prefetch(c + i * ldc + 16 * v, 1); /* needed when the sums are ready */
    }
  }
  for (int64_t p = 0; p < steps; p++, panel += SVK_PANEL, tile += rows) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) b[v] = _mm512_loadu_ps(panel + 16 * v);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      __m512 value = _mm512_set1_ps(tile[i]);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) add(&sums[i][v], &value, &b[v]);
    }
  }
  __m512 alpha = _mm512_set1_ps(update.alpha);
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++, c += ldc) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      __m512 old = update.accumulate ? _mm512_loadu_ps(c + 16 * v) : _mm512_setzero_ps();
      _mm512_storeu_ps(c + 16 * v, _mm512_fmadd_ps(alpha, sums[i][v], old));
    }
  }
}

#define SVK_TILE_512_CASE(n, vectors, add)                                                         \
  case n:                                                                                          \
    tile_512(n, vectors, tile, steps, panel, c, ldc, update, add);                                 \
    break;
#define SVK_TILE_512_CASES(vectors, add)                                                           \
  SVK_TILE_512_CASE(1, vectors, add) SVK_TILE_512_CASE(2, vectors, add)                            \
  SVK_TILE_512_CASE(3, vectors, add) SVK_TILE_512_CASE(4, vectors, add)                            \
  SVK_TILE_512_CASE(5, vectors, add) SVK_TILE_512_CASE(6, vectors, add)                            \
  SVK_TILE_512_CASE(7, vectors, add) SVK_TILE_512_CASE(8, vectors, add)                            \
  SVK_TILE_512_CASE(9, vectors, add) SVK_TILE_512_CASE(10, vectors, add)                           \
  SVK_TILE_512_CASE(11, vectors, add) SVK_TILE_512_CASE(12, vectors, add)

/* A multiply_tile (gemm.h) for one way to add products; `target` has its instructions. */
#define SVK_TILE_512(target, name, add)                                                            \
  target static void name(int rows, int columns, const float *tile, int64_t steps,                 \
                          const float *panel, float *c, int64_t ldc, svk_update update) {          \
    if (columns > 16) {                                                                            \
      switch (rows) { SVK_TILE_512_CASES(2, add) }                                                 \
    } else {                                                                                       \
      switch (rows) { SVK_TILE_512_CASES(1, add) }                                                 \
    }                                                                                              \
  }

#endif
