/* Q4_1 in strips: a word with scale and m, then codes as in Q4_0. */
#include "strips.h"

READS_CODES(q4_1) {
  (void)part;
  *codes = byte_bits(strip_word(whole, at, 1 + group % 4), 4 * (group / 4), 15);
}

READS_NUMBERS(scale, q4_1) {
  (void)part, (void)half;
  *numbers = lane_half(strip_word(whole, at, 0));
}

READS_NUMBERS(min, q4_1) {
  (void)part, (void)half;
  __m512 m = lane_half(_mm512_srli_epi32(strip_word(whole, at, 0), 16));
  *numbers = _mm512_sub_ps(_mm512_set1_ps(-0.0f), m);
}

SVK_STRIP_KERNELS(q4_1, 1, 1, 0, min_q4_1)
