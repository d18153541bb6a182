/* The two instructions of AVX-512 BF16, and the same spelled out in AVX-512F for machines without
 * them: two fused multiply-adds for one, in the instruction's order, the odd elements first.
 *
 * vdpbf16ps does not ask MXCSR: it rounds to nearest even, takes subnormals for zeros and gives
 * zeros for them. A kernel that spells it out runs between `begin_spelling` and `end_spelling`,
 * which set MXCSR so, and is not inlined there. */
#ifndef SVK_X86_BF16_H
#define SVK_X86_BF16_H

#include <immintrin.h>

#include "../cpu.h"

/* sums[j] += a[2j + 1] b[2j + 1], then += a[2j] b[2j], of 32 BF16 each. */
typedef void (*svk_dot_pairs)(__m512 *sums, const __m512 *a, const __m512 *b);
/* 16 and 16 values as 32 BF16, to nearest even; NaN stays NaN, subnormals become zeros. */
typedef void (*svk_round_values)(const __m512 *low, const __m512 *high, __m512i *codes);

SVK_TARGET_AVX512BF16 SVK_INLINE void dot_pairs(__m512 *sums, const __m512 *a, const __m512 *b) {
  *sums = _mm512_dpbf16_ps(*sums, (__m512bh)*a, (__m512bh)*b);
}

SVK_TARGET_AVX512BF16 SVK_INLINE void round_values(const __m512 *low, const __m512 *high,
                                                   __m512i *codes) {
  *codes = (__m512i)_mm512_cvtne2ps_pbh(*high, *low);
}

SVK_TARGET_AVX512 SVK_INLINE void dot_pairs_spelled_out(__m512 *sums, const __m512 *a,
                                                        const __m512 *b) {
  const __m512i odd = _mm512_set1_epi32((int)0xffff0000u);
  __m512i x = _mm512_castps_si512(*a), y = _mm512_castps_si512(*b);
  *sums = _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_and_si512(x, odd)),
                          _mm512_castsi512_ps(_mm512_and_si512(y, odd)), *sums);
  *sums = _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_slli_epi32(x, 16)),
                          _mm512_castsi512_ps(_mm512_slli_epi32(y, 16)), *sums);
}

/* Codes of 16 values in the lower halves of lanes. */
SVK_TARGET_AVX512 SVK_INLINE __m256i round_sixteen(__m512 values) {
  __m512i bits = _mm512_castps_si512(values), upper = _mm512_srli_epi32(bits, 16);
  __m512i magnitude = _mm512_and_si512(bits, _mm512_set1_epi32(0x7fffffff));
  __mmask16 nan = _mm512_cmpgt_epi32_mask(magnitude, _mm512_set1_epi32(0x7f800000));
  __mmask16 subnormal = _mm512_cmplt_epi32_mask(magnitude, _mm512_set1_epi32(0x00800000));
  __m512i tie = _mm512_and_si512(upper, _mm512_set1_epi32(1));
  __m512i half = _mm512_add_epi32(tie, _mm512_set1_epi32(0x7fff));
  __m512i codes = _mm512_srli_epi32(_mm512_add_epi32(bits, half), 16);
  codes = _mm512_mask_or_epi32(codes, nan, upper, _mm512_set1_epi32(0x40));
  codes = _mm512_mask_and_epi32(codes, subnormal, upper, _mm512_set1_epi32(0x8000));
  return _mm512_cvtepi32_epi16(codes);
}

SVK_TARGET_AVX512 SVK_INLINE void round_values_spelled_out(const __m512 *low, const __m512 *high,
                                                           __m512i *codes) {
  *codes = _mm512_inserti64x4(_mm512_castsi256_si512(round_sixteen(*low)), round_sixteen(*high), 1);
}

/* MXCSR with all exceptions masked, to nearest even, subnormals flushed both ways. */
enum { SVK_MXCSR_OF_BF16 = 0x9fc0 };

static inline unsigned begin_spelling(void) {
  unsigned saved = _mm_getcsr();
  _mm_setcsr(SVK_MXCSR_OF_BF16);
  return saved;
}

static inline void end_spelling(unsigned saved) { _mm_setcsr(saved); }

#endif
