/* Q4_0 in strips: four words of eight codes, low halves of bytes first, the scale before them. */
#include "strips.h"

READS_CODES(q4_0) {
  (void)part;
  *codes = byte_bits(strip_word(whole, at, group % 4), 4 * (group / 4), 15);
}

READS_NUMBERS(scale, q4_0) {
  (void)part, (void)half;
  *numbers = strip_half(whole, at);
}

SVK_STRIP_KERNELS(q4_0, 1, 1, 8, NULL)
