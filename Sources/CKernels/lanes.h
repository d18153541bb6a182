/* Sixteen floats as one value: the compiler makes four, two or one register of it per instruction
   set.
 * Passed by pointer only, because the calling convention of such types depends on the set. */
#ifndef SVK_LANES_H
#define SVK_LANES_H

#include <stdint.h>
#include <string.h>

#include "cpu.h"

typedef float svk_lanes __attribute__((vector_size(64)));
typedef int32_t svk_int_lanes __attribute__((vector_size(64)));

SVK_INLINE void load_lanes(const float *from, svk_lanes *lanes) { memcpy(lanes, from, 64); }

/* The sum as a tree: 8 + 8, 4 + 4, 2 + 2, 1 + 1. */
SVK_INLINE float sum_of_lanes(const svk_lanes *lanes) {
  float v[16];
  memcpy(v, lanes, 64);
  for (int width = 8; width > 0; width /= 2) {
    for (int i = 0; i < width; i++) v[i] += v[i + width];
  }
  return v[0];
}

#endif
