/* Q8_0 in strips: eight words of four codes, the scale before them. */
#include "strips.h"

READS_CODES(q8_0) {
  (void)part;
  *codes = strip_word(whole, at, group);
}

READS_NUMBERS(scale, q8_0) {
  (void)part, (void)half;
  *numbers = strip_half(whole, at);
}

SVK_STRIP_KERNELS(q8_0, 1, 1, 128, NULL)
