/* IQ4_NL in strips: four words as in Q4_0, the scale before them. */
#include "iq4.h"

READS_CODES(iq4_nl) {
  (void)part;
  *codes = iq4_codes(whole, at, 0, group);
}

READS_NUMBERS(scale, iq4_nl) {
  (void)part, (void)half;
  *numbers = strip_half(whole, at);
}

SVK_STRIP_KERNELS(iq4_nl, 1, 1, IQ4_ZERO, NULL)
