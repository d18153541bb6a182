/* F16 by the processor's own conversions, 8 and 16 at a time; the last few as single values.
 * Rounding and NaN follow half.h bit for bit. */
#include <immintrin.h>

SVK_TARGET_AVX2 static void decode_f16__avx2(const void *source, int64_t count, float *target) {
  const uint16_t *codes = source;
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m128i eight = _mm_loadu_si128((const __m128i *)(codes + i));
    _mm256_storeu_ps(target + i, _mm256_cvtph_ps(eight));
  }
  for (; i < count; i++) target[i] = _cvtsh_ss(codes[i]);
}

SVK_TARGET_AVX512 static void decode_f16__avx512(const void *source, int64_t count,
                                                 float *target) {
  const uint16_t *codes = source;
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    __m256i sixteen = _mm256_loadu_si256((const __m256i *)(codes + i));
    _mm512_storeu_ps(target + i, _mm512_cvtph_ps(sixteen));
  }
  for (; i < count; i++) target[i] = _cvtsh_ss(codes[i]);
}

SVK_TARGET_AVX2 static void encode_f16__avx2(const float *source, int64_t count, void *target) {
  uint16_t *codes = target;
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m128i eight = _mm256_cvtps_ph(_mm256_loadu_ps(source + i), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128((__m128i *)(codes + i), eight);
  }
  for (; i < count; i++) codes[i] = _cvtss_sh(source[i], _MM_FROUND_TO_NEAREST_INT);
}

SVK_TARGET_AVX2 SVK_INLINE void values_of(const uint8_t *codes, svk_lanes *values) {
  __m256 low = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)codes));
  __m256 high = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(codes + 16)));
  memcpy(values, &low, sizeof low);
  memcpy((uint8_t *)values + sizeof low, &high, sizeof high);
}

SVK_TARGET_AVX2 SVK_INLINE void quick_head_lanes_of(const uint8_t *row, int64_t k,
                                                    svk_lanes *values) {
  values_of(row + 2 * k, values);
}

SVK_TARGET_AVX2 SVK_PLAIN_DOTS_OF(row_dots_f16__avx2, 0, 2, values_of, value_of)

SVK_TARGET_AVX512 SVK_INLINE void wide_values_of(const uint8_t *codes, svk_lanes *values) {
  __m512 all = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)codes));
  memcpy(values, &all, sizeof all);
}

SVK_TARGET_AVX512 SVK_INLINE void wide_head_lanes_of(const uint8_t *row, int64_t k,
                                                     svk_lanes *values) {
  wide_values_of(row + 2 * k, values);
}

SVK_TARGET_AVX512 SVK_PLAIN_DOTS_OF(row_dots_f16__avx512, 1, 2, wide_values_of, value_of)

/* Encoding is bound by memory: wider registers gain nothing. */
#define encode_f16__avx512 encode_f16__avx2
