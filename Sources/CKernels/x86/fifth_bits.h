/* Codes of 5 bits in strips: a word with the fifth bits of a block of 32, value 0 lowest, and after
 * it four words as in Q4_0. */
#ifndef SVK_X86_FIFTH_BITS_H
#define SVK_X86_FIFTH_BITS_H

#include "strips.h"

SVK_TARGET_AVX512VNNI SVK_INLINE __m512i five_bits(const int whole, const strip_block *at,
                                                   int word, int group) {
  __m512i low = byte_bits(strip_word(whole, at, word + 1 + group % 4), 4 * (group / 4), 15);
  /* Bits 0...3 of a lane go to bit 4 of its bytes: by 2^4, 2^11, 2^18, 2^25. */
  __m512i four = lane_bits(strip_word(whole, at, word), 4 * group, 15);
  __m512i fifth = _mm512_mullo_epi32(four, _mm512_set1_epi32(0x02040810));
  return _mm512_or_si512(low, _mm512_and_si512(fifth, _mm512_set1_epi8(16)));
}

#endif
