/* Q5_0 in strips: fifth bits and codes, the scale before them. */
#include "fifth_bits.h"

READS_CODES(q5_0) {
  (void)part;
  *codes = five_bits(whole, at, 0, group);
}

READS_NUMBERS(scale, q5_0) {
  (void)part, (void)half;
  *numbers = strip_half(whole, at);
}

SVK_STRIP_KERNELS(q5_0, 1, 1, 16, NULL)
