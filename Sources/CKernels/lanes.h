/* Sixteen floats as one value: the compiler makes four, two or one register of it per
 * instruction set. Passed by pointer only, because the calling convention of such types depends
 * on the set. */
#ifndef SVK_LANES_H
#define SVK_LANES_H

#include <stdint.h>
#include <string.h>

#include "cpu.h"

typedef float svk_lanes __attribute__((ext_vector_type(16)));
typedef float svk_eight_lanes __attribute__((ext_vector_type(8)));
typedef float svk_four_lanes __attribute__((ext_vector_type(4)));
typedef float svk_two_lanes __attribute__((ext_vector_type(2)));
typedef int8_t svk_byte_lanes __attribute__((ext_vector_type(16)));

SVK_INLINE void load_lanes(const float *from, svk_lanes *lanes) { memcpy(lanes, from, 64); }

/* The largest magnitude of 32 values, NaN where one is NaN: as integers, floats without a sign have
 * the same order, and NaN lies above all. In halves of vectors, as sums below. */
SVK_INLINE float largest_of_32(const float *values) {
  typedef int32_t bits __attribute__((ext_vector_type(16)));
  bits a, b;
  memcpy(&a, values, sizeof a);
  memcpy(&b, values + 16, sizeof b);
  a = __builtin_elementwise_max(a & 0x7fffffff, b & 0x7fffffff);
  __typeof__(a.lo) c = __builtin_elementwise_max(a.lo, a.hi);
  __typeof__(c.lo) d = __builtin_elementwise_max(c.lo, c.hi);
  __typeof__(d.lo) e = __builtin_elementwise_max(d.lo, d.hi);
  int32_t largest = e.x > e.y ? e.x : e.y;
  float value;
  memcpy(&value, &largest, sizeof value);
  return value;
}

/* The sum as a tree: 8 + 8, 4 + 4, 2 + 2, 1 + 1. In halves of vectors, because the same tree over
 * an array goes through memory and costs six times as much. */
SVK_INLINE float sum_of_lanes(const svk_lanes *lanes) {
  svk_eight_lanes a = lanes->lo + lanes->hi;
  svk_four_lanes b = a.lo + a.hi;
  svk_two_lanes c = b.lo + b.hi;
  return c.x + c.y;
}

/* Four such sums at once, the same trees, in half as many operations: the halves of two share a
 * register. Each step adds a blend to one permutation. */
SVK_INLINE void four_sums_of_lanes(const svk_lanes *a, const svk_lanes *b, const svk_lanes *c,
                                   const svk_lanes *d, svk_four_lanes *sums) {
#define SVK_OUTER(x, y)                                                                            \
  __builtin_shufflevector(x, y, 0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31)
#define SVK_INNER_HALVES(x, y)                                                                     \
  __builtin_shufflevector(x, y, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23)
  svk_lanes ab = SVK_OUTER(*a, *b) + SVK_INNER_HALVES(*a, *b);
  svk_lanes cd = SVK_OUTER(*c, *d) + SVK_INNER_HALVES(*c, *d);
#undef SVK_OUTER
#undef SVK_INNER_HALVES
  /* a, c, b, d: a quarter each. */
  svk_lanes all = __builtin_shufflevector(ab, cd, 0, 1, 2, 3, 20, 21, 22, 23, 8, 9, 10, 11, 28, 29,
                                          30, 31) +
                  __builtin_shufflevector(ab, cd, 4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15, 24,
                                          25, 26, 27);
  all += __builtin_shufflevector(all, all, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  *sums = __builtin_shufflevector(all, all, 0, 8, 4, 12) +
          __builtin_shufflevector(all, all, 1, 9, 5, 13);
}

#endif
