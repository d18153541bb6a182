/* Q3_K in strips: 8 words with third bits, bit `part` of each byte for a part, 16 with low bits,
 * bits 2j of words 8h... for part 4h + j, 3 with scales, and d behind. */
#include "strips.h"

READS_CODES(q3_k) {
  __m512i low = byte_bits(strip_word(whole, at, 8 + part / 4 * 8 + group), 2 * (part % 4), 3);
  __m512i third = byte_bits(strip_word(whole, at, group), part, 1);
  *codes = _mm512_or_si512(low, _mm512_slli_epi16(third, 2));
}

READS_NUMBERS(scale, q3_k) {
  int i = 2 * part + half; /* of 16 */
  __m512i low = lane_bits(strip_word(whole, at, 24 + i / 4 % 2), 8 * (i % 4) + 4 * (i / 8), 15);
  __m512i high = lane_bits(strip_word(whole, at, 26), 8 * (i % 4) + 2 * (i / 4), 3);
  __m512i number = _mm512_or_si512(low, _mm512_slli_epi32(high, 4));
  number = _mm512_sub_epi32(number, _mm512_set1_epi32(32));
  *numbers = _mm512_mul_ps(strip_half(whole, at), _mm512_cvtepi32_ps(number));
}

SVK_STRIP_KERNELS(q3_k, 8, 2, 4, NULL)
