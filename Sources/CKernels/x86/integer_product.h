/* Integer dots with AVX2: |w| (unsigned) times x with the sign of w; pairs stay below 2^15, because
 * 2 * 128 * 127 = 32512. */
#include <immintrin.h>

SVK_TARGET_AVX2 static float integer_dot__avx2(const int8_t *codes, const float *scales,
                                               rounded_row x, int64_t blocks) {
  __m256 total = _mm256_setzero_ps();
  const __m256i ones = _mm256_set1_epi16(1);
  for (int64_t b = 0; b < blocks; b++) {
    __m256i w = _mm256_loadu_si256((const __m256i *)(codes + b * BLOCK));
    __m256i v = _mm256_loadu_si256((const __m256i *)(x.codes + b * BLOCK));
    __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(v, w));
    __m256 sums = _mm256_cvtepi32_ps(_mm256_madd_epi16(pairs, ones));
    total = _mm256_fmadd_ps(_mm256_set1_ps(scales[b] * x.scales[b]), sums, total);
  }
  float lanes[8];
  _mm256_storeu_ps(lanes, total);
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
         ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

#define integer_dot__avx512 integer_dot__avx2
