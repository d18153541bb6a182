/* Formats whose 4-bit codes stand for sixteen numbers that are not evenly spaced. */
#ifndef SVK_CODE_POINTS_H
#define SVK_CODE_POINTS_H

#include "blocks.h"

/* Of IQ4_NL and IQ4_XS. */
static const int8_t svk_iq4_points[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                          1,    13,   25,  38,  53,  69,  89,  113};
/* Of MXFP4 and NVFP4: E2M1 times 2; bit 3 is the sign. */
static const int8_t svk_fp4_points[16] = {0, 1,  2,  3,  4,  6,  8,  12,
                                          0, -1, -2, -3, -4, -6, -8, -12};

/* `count` bytes (8 or 16): low halves are the codes of as many values, high ones of the next. */
SVK_INLINE void unpack_points(const uint8_t *from, int count, const int8_t *points,
                              int8_t *codes) {
  for (int j = 0; j < count; j++) {
    codes[j] = points[from[j] & 15];
    codes[j + count] = points[from[j] >> 4];
  }
}

#endif
