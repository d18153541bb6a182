/* Codes of IQ4_NL and IQ4_XS in strips: points (code_points.h) made unsigned, by a table. */
#ifndef SVK_X86_IQ4_H
#define SVK_X86_IQ4_H

#include "../code_points.h"
#include "strips.h"

enum { IQ4_ZERO = 128 };

/* The codes of four words from `word` on, low halves of bytes first. */
SVK_TARGET_AVX512VNNI SVK_INLINE __m512i iq4_codes(const int whole, const strip_block *at, int word,
                                                   int group) {
  __m512i codes = byte_bits(strip_word(whole, at, word + group % 4), 4 * (group / 4), 15);
  __m128i points = _mm_loadu_si128((const __m128i *)svk_iq4_points);
  points = _mm_xor_si128(points, _mm_set1_epi8((char)IQ4_ZERO));
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(points), codes);
}

#endif
