/* The points of NF4 from registers: sixteen of them are one of AVX-512 and two of AVX2. */
#include <immintrin.h>

SVK_TARGET_AVX512 SVK_INLINE void wide_points_of(const uint8_t *codes, svk_lanes *low,
                                                 svk_lanes *high) {
  const __m512 table = _mm512_loadu_ps(nf4_points);
  __m512i both = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)codes));
  __m512 first = _mm512_permutexvar_ps(both, table); /* looks at four bits alone */
  __m512 second = _mm512_permutexvar_ps(_mm512_srli_epi32(both, 4), table);
  memcpy(low, &first, sizeof first);
  memcpy(high, &second, sizeof second);
}

/* The points of eight codes, the lowest four bits of each lane. */
SVK_TARGET_AVX2 SVK_INLINE __m256 eight_points(__m256i codes) {
  __m256 below = _mm256_permutevar8x32_ps(_mm256_loadu_ps(nf4_points), codes);
  __m256 above = _mm256_permutevar8x32_ps(_mm256_loadu_ps(nf4_points + 8), codes);
  return _mm256_blendv_ps(below, above, _mm256_castsi256_ps(_mm256_slli_epi32(codes, 28)));
}

SVK_TARGET_AVX2 SVK_INLINE void quick_points_of(const uint8_t *codes, svk_lanes *low,
                                                svk_lanes *high) {
  for (int half = 0; half < 2; half++) {
    uint64_t eight;
    memcpy(&eight, codes + 8 * half, sizeof eight);
    __m256i both = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)eight));
    __m256 first = eight_points(both), second = eight_points(_mm256_srli_epi32(both, 4));
    memcpy((uint8_t *)low + 32 * half, &first, sizeof first);
    memcpy((uint8_t *)high + 32 * half, &second, sizeof second);
  }
}

POINT_KERNELS(SVK_TARGET_AVX2, avx2, quick_points_of)
POINT_KERNELS(SVK_TARGET_AVX512, avx512, wide_points_of)
