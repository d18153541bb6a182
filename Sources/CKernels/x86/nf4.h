/* The points of NF4 from registers: sixteen of them are one of AVX-512 and two of AVX2; in BF16
 * they are half a one. */
#include "bf16.h"
#include "strips.h"

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

/* In strips: a word of scales, then eight. In lane r of word m, four bits at 4 n of the lower half
 * are the code of value 16 n + 2 m of row r and those of the upper half the code of the next value:
 * shifted, a word gives the points of two values of each row at once. */
enum { WORDS = 1 + LENGTH / 8, PARTS = LENGTH / SVK_BLOCK };
static const strip_reader nf4_blocks = {.words = WORDS, .parts = PARTS};

/* Adds the 64 products of four shifts of word m, or what there is of them, to two sums of each
 * token; `points` as the instance has them. */
typedef void (*word_adder)(const int tokens, __m512i word, int m, __m512i points, const void *x,
                           int64_t ldx, __m512 (*sums)[2]);

SVK_TARGET_AVX512VNNI SVK_INLINE void add_values(const int tokens, __m512i word, int m,
                                                 __m512i points, const void *x, int64_t ldx,
                                                 __m512 (*sums)[2]) {
  const float *from = (const float *)x + 2 * m;
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++) {
    __m512i codes = _mm512_srli_epi32(word, 16 * (i % 2) + i / 2 * 4); /* four bits count */
    __m512 values = _mm512_permutexvar_ps(codes, _mm512_castsi512_ps(points));
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) {
      __m512 one = _mm512_set1_ps(from[t * ldx + i / 2 * LANES + i % 2]);
      sums[t][i % 2] = _mm512_fmadd_ps(values, one, sums[t][i % 2]);
    }
  }
}

SVK_TARGET_AVX512VNNI SVK_INLINE void add_pairs(const int tokens, __m512i word, int m,
                                                __m512i points, const void *x, int64_t ldx,
                                                __m512 (*sums)[2], svk_dot_pairs dot) {
  const uint16_t *from = (const uint16_t *)x + 2 * m;
#pragma clang loop unroll(full)
  for (int n = 0; n < 4; n++) {
    __m512i codes = _mm512_srli_epi32(word, 4 * n); /* five bits count, points are there twice */
    __m512 values = _mm512_castsi512_ps(_mm512_permutexvar_epi16(codes, points));
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) {
      int32_t pair;
      memcpy(&pair, from + t * ldx + n * LANES, sizeof pair);
      __m512 both = _mm512_castsi512_ps(_mm512_set1_epi32(pair));
      dot(&sums[t][n % 2], &values, &both);
    }
  }
}

SVK_TARGET_AVX512BF16 SVK_INLINE void add_pairs_bf16(const int tokens, __m512i word, int m,
                                                     __m512i points, const void *x, int64_t ldx,
                                                     __m512 (*sums)[2]) {
  add_pairs(tokens, word, m, points, x, ldx, sums, dot_pairs);
}

SVK_TARGET_AVX512VNNI SVK_INLINE void add_pairs_spelled_out(const int tokens, __m512i word, int m,
                                                            __m512i points, const void *x,
                                                            int64_t ldx, __m512 (*sums)[2]) {
  add_pairs(tokens, word, m, points, x, ldx, sums, dot_pairs_spelled_out);
}

/* out[t * 16 + r] for one strip and `tokens` (1...6), numbers of `size` bytes; a block's sum takes
 * its scale, which is F32. */
SVK_TARGET_AVX512VNNI SVK_INLINE void strip_dots(const int tokens, const int whole,
                                                 svk_strip strip, int64_t blocks, __m512i points,
                                                 const void *x, int64_t size, int64_t ldx,
                                                 float *out, word_adder add) {
  __m512 totals[TILE];
  strip_block at;
  strip_part(nf4_blocks, strip, 0, &at);
#pragma clang loop unroll(full)
  for (int t = 0; t < tokens; t++) totals[t] = _mm512_setzero_ps();
  for (int64_t b = 0; b < blocks; b++, x = (const uint8_t *)x + LENGTH * size) {
    __m512 sums[TILE][2];
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) sums[t][0] = sums[t][1] = _mm512_setzero_ps();
#pragma clang loop unroll(full)
    for (int m = 0; m < WORDS - 1; m++) {
      __builtin_prefetch(at.words + 64 * m + STRIPS_AHEAD);
      add(tokens, strip_word(whole, &at, 1 + m), m, points, x, ldx, sums);
    }
    __m512 scale = _mm512_castsi512_ps(strip_word(whole, &at, 0));
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) {
      totals[t] = _mm512_fmadd_ps(_mm512_add_ps(sums[t][0], sums[t][1]), scale, totals[t]);
    }
    next_block(&at, WORDS);
  }
#pragma clang loop unroll(full)
  for (int t = 0; t < tokens; t++) _mm512_storeu_ps(out + t * SVK_STRIP, totals[t]);
}

#define STRIP_CASE(n, size, add)                                                                   \
  case n:                                                                                          \
    strip_dots(n, 1, strip, blocks, points, from, size, ldx, out, add);                            \
    break;

/* Any number of tokens; those of a strip that is not whole one by one. */
#define STRIP_DOTS(target, name, type, add)                                                        \
  target static void name(svk_strip strip, int64_t blocks, __m512i points, const type *x,          \
                          int64_t ldx, int64_t tokens, float *out) {                               \
    const int64_t most = strip.rows == SVK_STRIP ? TILE : 1;                                       \
    for (int64_t t = 0, count; t < tokens; t += count, out += count * SVK_STRIP) {                 \
      const type *from = x + t * ldx;                                                              \
      count = tokens - t < most ? tokens - t : most;                                               \
      if (strip.rows < SVK_STRIP) {                                                                \
        strip_dots(1, 0, strip, blocks, points, from, sizeof *x, ldx, out, add);                   \
        continue;                                                                                  \
      }                                                                                            \
      switch (count) {                                                                             \
        STRIP_CASE(1, sizeof *x, add) STRIP_CASE(2, sizeof *x, add)                                \
        STRIP_CASE(3, sizeof *x, add) STRIP_CASE(4, sizeof *x, add)                                \
        STRIP_CASE(5, sizeof *x, add) STRIP_CASE(6, sizeof *x, add)                                \
      }                                                                                            \
    }                                                                                              \
  }

STRIP_DOTS(SVK_TARGET_AVX512VNNI, strip_dots__f32, float, add_values)
STRIP_DOTS(SVK_TARGET_AVX512BF16, strip_dots__avx512bf16, uint16_t, add_pairs_bf16)
STRIP_DOTS(__attribute__((noinline)) SVK_TARGET_AVX512VNNI, strip_dots__spelled_out, uint16_t,
           add_pairs_spelled_out)

SVK_TARGET_AVX512VNNI static void strip_dots_nf4(svk_strip strip, const float *x, int64_t ldx,
                                                 int64_t blocks, int64_t tokens, float *out) {
  __m512i points = _mm512_castps_si512(_mm512_loadu_ps(nf4_points));
  strip_dots__f32(strip, blocks, points, x, ldx, tokens, out);
}

SVK_TARGET_AVX512VNNI static void strip_dots_bf16_nf4(svk_strip strip, const uint16_t *x,
                                                      int64_t ldx, int64_t blocks, int64_t tokens,
                                                      float *out) {
  __m512i points = _mm512_broadcast_i64x4(round_sixteen(_mm512_loadu_ps(nf4_points)));
  if (!svk_spells_out_bf16()) {
    strip_dots__avx512bf16(strip, blocks, points, x, ldx, tokens, out);
    return;
  }
  unsigned saved = begin_spelling();
  strip_dots__spelled_out(strip, blocks, points, x, ldx, tokens, out);
  end_spelling(saved);
}

/* svk_strip_decode. */
SVK_TARGET_AVX512VNNI static void strip_decode_nf4(svk_strip strip, int64_t first, int64_t count,
                                                   float *out, int64_t stride) {
  const __m512 points = _mm512_loadu_ps(nf4_points);
  for (int64_t n = first; n < first + count; n++, out += SVK_BLOCK * stride) {
    strip_block at;
    int part = strip_part(nf4_blocks, strip, n, &at);
    const int whole = strip.rows == SVK_STRIP;
    __m512 scale = _mm512_castsi512_ps(strip_word(whole, &at, 0));
    for (int m = 0; m < WORDS - 1; m++) {
      __m512i word = strip_word(whole, &at, 1 + m);
      word = _mm512_srl_epi32(word, _mm_cvtsi32_si128(8 * part));
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) {
        __m512i codes = _mm512_srli_epi32(word, 16 * (i % 2) + i / 2 * 4);
        __m512 values = _mm512_mul_ps(_mm512_permutexvar_ps(codes, points), scale);
        _mm512_storeu_ps(out + (2 * m + i / 2 * LANES + i % 2) * stride, values);
      }
    }
  }
}
