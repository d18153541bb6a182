/* Integer dots with AVX2: |w| (unsigned) times x with the sign of w; pairs stay below 2^15, because
 * 2 * 128 * 127 = 32512. */
#include <immintrin.h>

/* Two numbers, each in half of the lanes. */
SVK_TARGET_AVX2 SVK_INLINE __m256 in_halves(const float *two) {
  return _mm256_set_m128(_mm_set1_ps(two[1]), _mm_set1_ps(two[0]));
}

SVK_TARGET_AVX2 SVK_INLINE void add_block(const int8_t *codes, const int8_t *x,
                                          const float *scales, float scale, __m256 *total) {
  __m256i w = _mm256_loadu_si256((const __m256i *)codes);
  __m256i v = _mm256_loadu_si256((const __m256i *)x);
  __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(v, w));
  __m256i sums = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  __m256 both = _mm256_mul_ps(in_halves(scales), _mm256_set1_ps(scale));
  *total = _mm256_fmadd_ps(both, _mm256_cvtepi32_ps(sums), *total);
}

/* What mins take away: times the sum of a block's values, and the difference of two mins times that
 * of its first half's. */
static float sum_of_mins(const float *mins, rounded_tile x, int64_t blocks) {
  float totals[4] = {0};
  for (int64_t b = 0; b < blocks; b++, mins += 2) {
    float *total = &totals[b % 4];
    *total += mins[1] * rounded_total(x, b, 0);
    if (mins[0] == mins[1]) continue;
    float first = rounded_scale(x, b, 0) * (float)rounded_sum(x, b, 0, 0);
    *total += (mins[0] - mins[1]) * first;
  }
  return (totals[0] + totals[1]) + (totals[2] + totals[3]);
}

/* Four chains of additions hide the latency of one. */
SVK_TARGET_AVX2 static float integer_dot__avx2(const int8_t *codes, const float *scales,
                                               const float *mins, rounded_tile x,
                                               int64_t blocks) {
  __m256 totals[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
                      _mm256_setzero_ps()};
  int64_t b = 0;
  for (; b + 4 <= blocks; b += 4) {
    for (int i = 0; i < 4; i++) {
      add_block(codes + (b + i) * SVK_BLOCK, rounded_codes(x, b + i, 0, 0), scales + 2 * (b + i),
                rounded_scale(x, b + i, 0), &totals[i]);
    }
  }
  for (; b < blocks; b++) {
    add_block(codes + b * SVK_BLOCK, rounded_codes(x, b, 0, 0), scales + 2 * b,
              rounded_scale(x, b, 0), &totals[0]);
  }
  float lanes[8];
  _mm256_storeu_ps(lanes, _mm256_add_ps(_mm256_add_ps(totals[0], totals[1]),
                                        _mm256_add_ps(totals[2], totals[3])));
  float total = ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
                ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
  return mins ? total - sum_of_mins(mins, x, blocks) : total;
}

#define integer_dot__avx512 integer_dot__avx2
