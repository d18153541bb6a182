/* Heads of Q4_K and Q5_K blocks (six_bits.h) in strips: a word with d and dmin, three with scales
 * and mins. */
#ifndef SVK_X86_SIX_BITS_H
#define SVK_X86_SIX_BITS_H

#include "strips.h"

/* Number `part` of 8, scales where `word` is 0 and mins where it is 1. */
SVK_TARGET_AVX512VNNI SVK_INLINE __m512 six_bits(const int whole, const strip_block *at, int part,
                                                 const int word) {
  /* Both forms, because a branch that parts tiles in two costs more than it saves. */
  const int shift = 8 * (part % 4);
  __m512i six = strip_word(whole, at, 1 + word);
  __m512i low = lane_bits(strip_word(whole, at, 3), shift + 4 * word, 15);
  __m512i high = _mm512_slli_epi32(lane_bits(six, shift + 6, 3), 4);
  __mmask16 first = (__mmask16)(part < 4 ? 0xffff : 0);
  __m512i number =
      _mm512_mask_blend_epi32(first, _mm512_or_si512(low, high), lane_bits(six, shift, 63));
  __m512i head = strip_word(whole, at, 0);
  __m512 d = lane_half(word ? _mm512_srli_epi32(head, 16) : head);
  return _mm512_mul_ps(d, _mm512_cvtepi32_ps(number));
}

#endif
