/* Sixteen floats as one value: the compiler makes four, two or one register of it per
 * instruction set. Passed by pointer only, because the calling convention of such types depends
 * on the set. */
#ifndef SVK_LANES_H
#define SVK_LANES_H

#include <stdint.h>
#include <string.h>

#include "cpu.h"

typedef float svk_lanes __attribute__((ext_vector_type(16)));
typedef int8_t svk_byte_lanes __attribute__((ext_vector_type(16)));

SVK_INLINE void load_lanes(const float *from, svk_lanes *lanes) { memcpy(lanes, from, 64); }

/* The largest magnitude of 32 values; NaN may or may not win, never traps. */
SVK_INLINE float largest_of_32(const float *values) {
  svk_lanes low, high;
  load_lanes(values, &low);
  load_lanes(values + 16, &high);
  low = __builtin_elementwise_abs(low);
  high = __builtin_elementwise_abs(high);
  low = low > high ? low : high;
  float v[16];
  memcpy(v, &low, 64);
  for (int width = 8; width > 0; width /= 2) {
    for (int i = 0; i < width; i++) v[i] = v[i] > v[i + width] ? v[i] : v[i + width];
  }
  return v[0];
}

/* The sum as a tree: 8 + 8, 4 + 4, 2 + 2, 1 + 1. In halves of vectors, because the same tree over
 * an array goes through memory and costs six times as much. */
SVK_INLINE float sum_of_lanes(const svk_lanes *lanes) {
  typedef float eight __attribute__((ext_vector_type(8)));
  typedef float four __attribute__((ext_vector_type(4)));
  typedef float two __attribute__((ext_vector_type(2)));
  eight a = lanes->lo + lanes->hi;
  four b = a.lo + a.hi;
  two c = b.lo + b.hi;
  return c.x + c.y;
}

#endif
