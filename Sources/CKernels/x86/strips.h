/* Strips times tokens with VNNI: a lane is a row; the sum of a block begins at the activations'
 * offset, -zero times the sum of their codes, and one instruction adds 4 products in each lane.
 * Up to 12 tokens keep their block sums and totals in registers. */
#include <immintrin.h>

SVK_TARGET_AVX512VNNI SVK_INLINE void strip_tokens(const int tokens, const int halves,
                                                   const int whole, svk_strip strip,
                                                   const rounded_row *x, int64_t blocks, float *y,
                                                   int64_t ldy) {
  const int groups = 8 / halves;
  const int64_t rows = whole ? SVK_STRIP : strip.rows;
  const __mmask16 mask = (__mmask16)((1u << rows) - 1);
  const __m512i low = _mm512_set1_epi8(15);
  const uint8_t *codes = strip.codes;
  __m512 totals[SVK_STRIP_TOKENS];
#pragma clang loop unroll(full)
  for (int t = 0; t < tokens; t++) totals[t] = _mm512_setzero_ps();
  for (int64_t b = 0; b < blocks; b++) {
    __m512i sums[SVK_STRIP_TOKENS];
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) {
      int32_t offset = x[t].offsets[b];
      sums[t] = _mm512_set1_epi32(halves == 2 ? offset >> 4 : offset);
    }
#pragma clang loop unroll(full)
    for (int group = 0; group < groups; group++, codes += 4 * rows) {
      __m512i both =
          whole ? _mm512_loadu_si512(codes) : _mm512_maskz_loadu_epi32(mask, codes);
#pragma clang loop unroll(full)
      for (int half = 0; half < halves; half++) {
        __m512i w = both;
        if (halves == 2) {
          w = _mm512_and_si512(half ? _mm512_srli_epi16(both, 4) : both, low);
        }
#pragma clang loop unroll(full)
        for (int t = 0; t < tokens; t++) {
          int32_t four;
          memcpy(&four, x[t].codes + b * SVK_BLOCK + half * 16 + 4 * group, 4);
          sums[t] = _mm512_dpbusd_epi32(sums[t], w, _mm512_set1_epi32(four));
        }
      }
    }
    const void *from = strip.scales + b * rows * 2;
    __m512 scale = _mm512_cvtph_ps(whole ? _mm256_loadu_si256((const __m256i *)from)
                                         : _mm256_maskz_loadu_epi16(mask, from));
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) {
      __m512 product = _mm512_mul_ps(scale, _mm512_set1_ps(x[t].scales[b]));
      totals[t] = _mm512_fmadd_ps(product, _mm512_cvtepi32_ps(sums[t]), totals[t]);
    }
  }
#pragma clang loop unroll(full)
  for (int t = 0; t < tokens; t++) {
    if (whole) _mm512_storeu_ps(y + t * ldy, totals[t]);
    else _mm512_mask_storeu_ps(y + t * ldy, mask, totals[t]);
  }
}

/* Any number of tokens up to 12 as instances of 12, 4 and 1. */
SVK_TARGET_AVX512VNNI SVK_INLINE void strip_tile(const int halves, const int whole,
                                                 svk_strip strip, const rounded_row *x,
                                                 int64_t tokens, int64_t blocks, float *y,
                                                 int64_t ldy) {
  if (tokens == SVK_STRIP_TOKENS) {
    strip_tokens(SVK_STRIP_TOKENS, halves, whole, strip, x, blocks, y, ldy);
    return;
  }
  for (; tokens >= 4; tokens -= 4, x += 4, y += 4 * ldy) {
    strip_tokens(4, halves, whole, strip, x, blocks, y, ldy);
  }
  for (; tokens > 0; tokens--, x++, y += ldy) {
    strip_tokens(1, halves, whole, strip, x, blocks, y, ldy);
  }
}

SVK_TARGET_AVX512VNNI static void strip_product__avx512vnni(svk_strip strip, const rounded_row *x,
                                                            int64_t tokens, int64_t blocks,
                                                            float *y, int64_t ldy) {
  int whole = strip.rows == SVK_STRIP;
  if (strip.layout->halves == 2) {
    if (whole) strip_tile(2, 1, strip, x, tokens, blocks, y, ldy);
    else strip_tile(2, 0, strip, x, tokens, blocks, y, ldy);
  } else {
    if (whole) strip_tile(1, 1, strip, x, tokens, blocks, y, ldy);
    else strip_tile(1, 0, strip, x, tokens, blocks, y, ldy);
  }
}
