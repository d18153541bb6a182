/* Q5_1 in strips: a word with scale and m, then fifth bits and codes. */
#include "fifth_bits.h"

READS_CODES(q5_1) {
  (void)part;
  *codes = five_bits(whole, at, 1, group);
}

READS_NUMBERS(scale, q5_1) {
  (void)part, (void)half;
  *numbers = lane_half(strip_word(whole, at, 0));
}

READS_NUMBERS(min, q5_1) {
  (void)part, (void)half;
  __m512 m = lane_half(_mm512_srli_epi32(strip_word(whole, at, 0), 16));
  *numbers = _mm512_sub_ps(_mm512_set1_ps(-0.0f), m);
}

SVK_STRIP_KERNELS(q5_1, 1, 1, 0, min_q5_1)
