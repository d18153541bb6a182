/* IQ4_XS in strips: a word with d and the upper bits of scales, one with their low halves, then
 * four words a part as in Q4_0. */
#include "iq4.h"

READS_CODES(iq4_xs) { *codes = iq4_codes(whole, at, 2 + 4 * part, group); }

READS_NUMBERS(scale, iq4_xs) {
  (void)half;
  __m512i head = strip_word(whole, at, 0);
  __m512i low = lane_bits(strip_word(whole, at, 1), 4 * part, 15);
  __m512i high = lane_bits(head, 16 + 2 * part, 3);
  __m512i number = _mm512_or_si512(low, _mm512_slli_epi32(high, 4));
  number = _mm512_sub_epi32(number, _mm512_set1_epi32(32));
  *numbers = _mm512_mul_ps(lane_half(head), _mm512_cvtepi32_ps(number));
}

SVK_STRIP_KERNELS(iq4_xs, 8, 1, IQ4_ZERO, NULL)
