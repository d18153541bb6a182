/* One F16 code in every lane by the processor's own conversion, for scales of blocks. Loaded as a
 * broadcast: a single value would be put into a register that other sums wait for. */
#include <immintrin.h>

SVK_TARGET_AVX2 SVK_INLINE void spread_f16(const uint8_t *code, svk_lanes *lanes) {
  uint16_t half;
  memcpy(&half, code, 2);
  __m256 eight = _mm256_cvtph_ps(_mm_set1_epi16((short)half));
  memcpy(lanes, &eight, sizeof eight);
  memcpy((uint8_t *)lanes + sizeof eight, &eight, sizeof eight);
}

SVK_TARGET_AVX512 SVK_INLINE void wide_spread_f16(const uint8_t *code, svk_lanes *lanes) {
  uint16_t half;
  memcpy(&half, code, 2);
  __m512 all = _mm512_cvtph_ps(_mm256_set1_epi16((short)half));
  memcpy(lanes, &all, sizeof all);
}
