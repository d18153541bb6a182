/* Q4_K in strips: the head, then 32 words; of each 8, low halves of bytes are one part and high
 * halves the next. */
#include "six_bits.h"

READS_CODES(q4_k) {
  *codes = byte_bits(strip_word(whole, at, 4 + part / 2 * 8 + group), 4 * (part % 2), 15);
}

READS_NUMBERS(scale, q4_k) {
  (void)half;
  *numbers = six_bits(whole, at, part, 0);
}

READS_NUMBERS(min, q4_k) {
  (void)half;
  *numbers = six_bits(whole, at, part, 1);
}

SVK_STRIP_KERNELS(q4_k, 8, 1, 0, min_q4_k)
