/* Q6_K in strips: 32 words with low halves of codes, 16 with their upper two bits, 4 with scales,
 * and d behind. Part 4h + j of the block: words 16h + 8 (j mod 2)..., halves low for j < 2; upper
 * bits 2j of words 8h.... */
#include "strips.h"

READS_CODES(q6_k) {
  int h = part / 4, j = part % 4;
  __m512i low = byte_bits(strip_word(whole, at, 16 * h + 8 * (j % 2) + group), 4 * (j / 2), 15);
  __m512i high = byte_bits(strip_word(whole, at, 32 + 8 * h + group), 2 * j, 3);
  *codes = _mm512_or_si512(low, _mm512_slli_epi16(high, 4));
}

READS_NUMBERS(scale, q6_k) {
  __m512i four = strip_word(whole, at, 48 + part / 2);
  int place = 2 * (part % 2) + half;
  four = _mm512_sll_epi32(four, _mm_cvtsi32_si128(24 - 8 * place));
  __m512 scale = _mm512_cvtepi32_ps(_mm512_srai_epi32(four, 24));
  *numbers = _mm512_mul_ps(strip_half(whole, at), scale);
}

SVK_STRIP_KERNELS(q6_k, 8, 2, 32, NULL)
