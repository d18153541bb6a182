/* Strips times tokens with VNNI: a lane is a row; the sum of a block begins at the activations'
 * offset, -zero times the sum of their codes, and one instruction adds 4 products in each lane.
 * One strip meets up to 12 tokens, or two share what is broadcast of up to 6: block sums and
 * totals fill the registers. */
#include <immintrin.h>

/* Bytes beyond the codes at hand that are asked for: one strip follows another, but processors
 * stop at the end of a page. */
enum { STRIPS_AHEAD = 4096 };

/* `strips` is 1 or 2; a strip of fewer than 16 rows (not whole) comes alone. */
SVK_TARGET_AVX512VNNI SVK_INLINE void strip_tile(const int strips, const int tokens,
                                                 const int halves, const int whole,
                                                 const svk_strip *at, const uint8_t *x,
                                                 int64_t blocks, float *y, int64_t ldy) {
  const int64_t rows = whole ? SVK_STRIP : at[0].rows;
  const __mmask16 mask = (__mmask16)((1u << rows) - 1);
  const __m512i low = _mm512_set1_epi8(15);
  const uint8_t *codes[2] = {at[0].codes, at[strips - 1].codes};
  const uint8_t *scales[2] = {at[0].scales, at[strips - 1].scales};
  __m512 totals[2][SVK_LONE_TOKENS];
#pragma clang loop unroll(full)
  for (int t = 0; t < tokens; t++) totals[0][t] = totals[1][t] = _mm512_setzero_ps();
  for (int64_t b = 0; b < blocks; b++, x += SVK_TOKEN_BYTES * tokens) {
    const int32_t *numbers = (const int32_t *)x; /* scales, offsets, codes by fours */
    __m512i sums[2][SVK_LONE_TOKENS];
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) {
      int32_t offset = numbers[tokens + t];
      sums[0][t] = sums[1][t] = _mm512_set1_epi32(halves == 2 ? offset >> 4 : offset);
    }
#pragma clang loop unroll(full)
    for (int group = 0; group < 8 / halves; group++) {
      __m512i both[2];
#pragma clang loop unroll(full)
      for (int s = 0; s < strips; s++) {
        _mm_prefetch((const char *)codes[s] + STRIPS_AHEAD, _MM_HINT_T0);
        both[s] = whole ? _mm512_loadu_si512(codes[s])
                        : _mm512_maskz_loadu_epi32(mask, codes[s]);
        codes[s] += 4 * rows;
      }
#pragma clang loop unroll(full)
      for (int half = 0; half < halves; half++) {
        __m512i w[2];
#pragma clang loop unroll(full)
        for (int s = 0; s < strips; s++) {
          w[s] = both[s];
          if (halves == 2) w[s] = _mm512_and_si512(half ? _mm512_srli_epi16(w[s], 4) : w[s], low);
        }
#pragma clang loop unroll(full)
        for (int t = 0; t < tokens; t++) {
          __m512i four = _mm512_set1_epi32(numbers[(2 + half * 4 + group) * tokens + t]);
#pragma clang loop unroll(full)
          for (int s = 0; s < strips; s++) {
            sums[s][t] = _mm512_dpbusd_epi32(sums[s][t], w[s], four);
          }
        }
      }
    }
#pragma clang loop unroll(full)
    for (int s = 0; s < strips; s++) {
      __m256i f16 = whole ? _mm256_loadu_si256((const __m256i *)scales[s])
                          : _mm256_maskz_loadu_epi16(mask, scales[s]);
      __m512 scale = _mm512_cvtph_ps(f16);
      scales[s] += 2 * rows;
#pragma clang loop unroll(full)
      for (int t = 0; t < tokens; t++) {
        __m512 product = _mm512_mul_ps(scale, _mm512_set1_ps(((const float *)x)[t]));
        totals[s][t] = _mm512_fmadd_ps(product, _mm512_cvtepi32_ps(sums[s][t]), totals[s][t]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int s = 0; s < strips; s++) {
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) {
      _mm512_mask_storeu_ps(y + t * ldy + s * SVK_STRIP, mask, totals[s][t]);
    }
  }
}

#define CASE(n)                                                                                    \
  case n:                                                                                          \
    strip_tile(strips, n, halves, whole, at, x.from, blocks, y, ldy);                              \
    break;

/* One instance per number of tokens. */
SVK_TARGET_AVX512VNNI SVK_INLINE void any_tokens(const int strips, const int halves,
                                                 const int whole, const svk_strip *at,
                                                 rounded_tile x, int64_t blocks, float *y,
                                                 int64_t ldy) {
  switch (x.tokens) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) }
  if (strips > 1) return;
  switch (x.tokens) { CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) }
}
#undef CASE

SVK_TARGET_AVX512VNNI static void strips_product__avx512vnni(svk_weights w, int64_t first,
                                                             int64_t last, int pairs,
                                                             rounded_tile x, int64_t blocks,
                                                             float *y, int64_t ldy) {
  int packed = w.format->strips->halves == 2;
  int64_t row = first;
  for (; pairs && row + 2 * SVK_STRIP <= last; row += 2 * SVK_STRIP) {
    svk_strip at[2] = {svk_strip_at(w, row), svk_strip_at(w, row + SVK_STRIP)};
    if (packed) any_tokens(2, 2, 1, at, x, blocks, y + row, ldy);
    else any_tokens(2, 1, 1, at, x, blocks, y + row, ldy);
  }
  for (; row < last; row += SVK_STRIP) {
    svk_strip at = svk_strip_at(w, row);
    int whole = at.rows == SVK_STRIP;
    if (packed && whole) any_tokens(1, 2, 1, &at, x, blocks, y + row, ldy);
    else if (packed) any_tokens(1, 2, 0, &at, x, blocks, y + row, ldy);
    else if (whole) any_tokens(1, 1, 1, &at, x, blocks, y + row, ldy);
    else any_tokens(1, 1, 0, &at, x, blocks, y + row, ldy);
  }
}
