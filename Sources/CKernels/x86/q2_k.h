/* Q2_K in strips: 4 words with scales and mins, 16 with codes, bits 2j of words 8h... for part
 * 4h + j, and one with d and dmin. */
#include "strips.h"

READS_CODES(q2_k) {
  *codes = byte_bits(strip_word(whole, at, 4 + part / 4 * 8 + group), 2 * (part % 4), 3);
}

/* Halves of a byte: scales where `word` is 0 and mins where it is 1. */
SVK_TARGET_AVX512VNNI SVK_INLINE __m512 four_bits(const int whole, const strip_block *at, int part,
                                                  int half, const int word) {
  int shift = 8 * (2 * (part % 2) + half) + 4 * word;
  __m512i number = lane_bits(strip_word(whole, at, part / 2), shift, 15);
  __m512i tail = strip_word(whole, at, 20);
  __m512 d = lane_half(word ? _mm512_srli_epi32(tail, 16) : tail);
  return _mm512_mul_ps(d, _mm512_cvtepi32_ps(number));
}

READS_NUMBERS(scale, q2_k) { *numbers = four_bits(whole, at, part, half, 0); }

READS_NUMBERS(min, q2_k) { *numbers = four_bits(whole, at, part, half, 1); }

SVK_STRIP_KERNELS(q2_k, 8, 2, 0, min_q2_k)
