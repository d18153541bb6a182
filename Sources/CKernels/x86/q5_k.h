/* Q5_K in strips: the head, 8 words with fifth bits, bit `part` of each byte for a part, then 32
 * words as in Q4_K. */
#include "six_bits.h"

READS_CODES(q5_k) {
  __m512i low = byte_bits(strip_word(whole, at, 12 + part / 2 * 8 + group), 4 * (part % 2), 15);
  __m512i fifth = byte_bits(strip_word(whole, at, 4 + group), part, 1);
  *codes = _mm512_or_si512(low, _mm512_slli_epi16(fifth, 4));
}

READS_NUMBERS(scale, q5_k) {
  (void)half;
  *numbers = six_bits(whole, at, part, 0);
}

READS_NUMBERS(min, q5_k) {
  (void)half;
  *numbers = six_bits(whole, at, part, 1);
}

SVK_STRIP_KERNELS(q5_k, 8, 1, 0, min_q5_k)
