/* The points of NF4 from registers: sixteen of them are one of AVX-512 and two of AVX2; in BF16
 * they are half a one. */
#include "bf16.h"

/* Rows and tokens of a tile in BF16. One token alone waits for memory, which gives most when it is
 * read in its order, row after row. */
enum { ROWS = 4, CODED_TOKENS = 4 };

SVK_TARGET_AVX512 SVK_INLINE void wide_points_of(const uint8_t *words, svk_lanes *values) {
  const __m512 table = _mm512_loadu_ps(nf4_points);
  __m512i codes = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)words));
  for (int i = 0; i < 4; i++) {
    __m512 found = _mm512_permutexvar_ps(codes, table); /* looks at four bits alone */
    memcpy(values + i, &found, sizeof found);
    codes = _mm512_srli_epi32(codes, 4);
  }
}

/* The points of eight codes, the lowest four bits of each lane. */
SVK_TARGET_AVX2 SVK_INLINE __m256 eight_points(__m256i codes) {
  __m256 below = _mm256_permutevar8x32_ps(_mm256_loadu_ps(nf4_points), codes);
  __m256 above = _mm256_permutevar8x32_ps(_mm256_loadu_ps(nf4_points + 8), codes);
  return _mm256_blendv_ps(below, above, _mm256_castsi256_ps(_mm256_slli_epi32(codes, 28)));
}

SVK_TARGET_AVX2 SVK_INLINE void quick_points_of(const uint8_t *words, svk_lanes *values) {
  for (int half = 0; half < 2; half++) {
    __m256i codes = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)words + half));
    for (int i = 0; i < 4; i++) {
      __m256 found = eight_points(codes);
      memcpy((uint8_t *)(values + i) + 32 * half, &found, sizeof found);
      codes = _mm256_srli_epi32(codes, 4);
    }
  }
}

POINT_KERNELS(SVK_TARGET_AVX2, avx2, quick_points_of)
POINT_KERNELS(SVK_TARGET_AVX512, avx512, wide_points_of)

/* Points as BF16, each twice, so that a fifth bit beside a code changes nothing. */
SVK_TARGET_AVX512 SVK_INLINE __m512i coded_points(void) {
  return _mm512_broadcast_i64x4(round_sixteen(_mm512_loadu_ps(nf4_points)));
}

/* The points of a block's values, 32 each, from 16 words twice. */
SVK_TARGET_AVX512 SVK_INLINE void coded_block(const uint8_t *words, __m512i points, __m512 *low,
                                              __m512 *high) {
  const __m512i lower = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi16(4), 1);
  const __m512i upper = _mm512_add_epi16(lower, _mm512_set1_epi16(8));
  __m512i twice = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)words));
  *low = _mm512_castsi512_ps(_mm512_permutexvar_epi16(_mm512_srlv_epi16(twice, lower), points));
  *high = _mm512_castsi512_ps(_mm512_permutexvar_epi16(_mm512_srlv_epi16(twice, upper), points));
}

/* Four rows, or one, times `tokens` (1...4) in BF16: each load of x serves all of them. Scales are
 * F32, a block's sum takes its one. */
SVK_TARGET_AVX512 SVK_INLINE void coded_dots(const int rows, const int tokens, const uint8_t *from,
                                             int64_t row_bytes, int64_t columns,
                                             const uint16_t *x, int64_t ldx, float *out,
                                             svk_dot_pairs dot) {
  const __m512i points = coded_points();
  __m512 totals[CODED_TOKENS][ROWS];
#pragma clang loop unroll(full)
  for (int i = 0; i < tokens * rows; i++) totals[i / rows][i % rows] = _mm512_setzero_ps();
  for (int64_t k = 0; k < columns; k += LENGTH, from += BYTES) {
    __m512 low[ROWS], high[ROWS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      __builtin_prefetch(from + r * row_bytes + AHEAD);
      coded_block(from + r * row_bytes + SCALE_BYTES, points, &low[r], &high[r]);
    }
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) {
      __m512 first = _mm512_loadu_ps(x + t * ldx + k);
      __m512 second = _mm512_loadu_ps(x + t * ldx + k + 2 * LANES);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        __m512 sum = _mm512_setzero_ps(), scale = _mm512_set1_ps(scale_of(from + r * row_bytes));
        dot(&sum, &low[r], &first);
        dot(&sum, &high[r], &second);
        totals[t][r] = _mm512_fmadd_ps(sum, scale, totals[t][r]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < tokens * rows; i++) {
    svk_lanes lanes;
    memcpy(&lanes, &totals[i / rows][i % rows], sizeof lanes);
    out[i / rows * ROWS + i % rows] = sum_of_lanes(&lanes);
  }
}

#define CODED_CASE(rows, n, dot)                                                                   \
  case n: coded_dots(rows, n, from, row_bytes, columns, x, ldx, out, dot); break;
#define CODED_CASES(rows, dot)                                                                     \
  CODED_CASE(rows, 1, dot) CODED_CASE(rows, 2, dot) CODED_CASE(rows, 3, dot)                       \
  CODED_CASE(rows, 4, dot)

#define CODED_TILES(target, name, dot)                                                             \
  target static void name(int lone, const uint8_t *from, int64_t row_bytes, int64_t columns,       \
                          const uint16_t *x, int64_t ldx, int64_t tokens, float *out) {            \
    for (int64_t count; tokens > 0; tokens -= count, x += count * ldx, out += count * ROWS) {      \
      count = tokens < CODED_TOKENS ? tokens : CODED_TOKENS;                                       \
      if (lone) {                                                                                  \
        switch (count) { CODED_CASES(1, dot) }                                                     \
      } else {                                                                                     \
        switch (count) { CODED_CASES(ROWS, dot) }                                                  \
      }                                                                                            \
    }                                                                                              \
  }

CODED_TILES(SVK_TARGET_AVX512BF16, coded_tiles__avx512bf16, dot_pairs)
CODED_TILES(__attribute__((noinline)) SVK_TARGET_AVX512, coded_tiles__spelled_out,
            dot_pairs_spelled_out)

static void row_dots_bf16_nf4(const uint8_t *rows, int64_t row_bytes, int64_t row_count,
                              int64_t columns, const uint16_t *x, int64_t ldx, int64_t tokens,
                              float *out) {
  const int spelled_out = svk_spells_out_bf16(), lone = row_count < ROWS || tokens == 1;
  unsigned saved = spelled_out ? begin_spelling() : 0;
  for (int64_t r = 0; r < (lone ? row_count : 1); r++, rows += row_bytes, out++) {
    if (spelled_out) {
      coded_tiles__spelled_out(lone, rows, row_bytes, columns, x, ldx, tokens, out);
    } else {
      coded_tiles__avx512bf16(lone, rows, row_bytes, columns, x, ldx, tokens, out);
    }
  }
  if (spelled_out) end_spelling(saved);
}
