/* Vectors of F32: sums, products and the elementwise arithmetic that ops are built from.
 * Reductions keep 64 lanes (four 16-wide accumulators) and add them as a tree at the end. */
#include <math.h>

#include "cpu.h"
#include "kernels.h"
#include "lanes.h"

SVK_INLINE float dot_body(const float *a, const float *b, int64_t count) {
  svk_lanes sums[4] = {{0}, {0}, {0}, {0}};
  int64_t i = 0;
  for (; i + 64 <= count; i += 64) {
    for (int v = 0; v < 4; v++) {
      svk_lanes x, y;
      load_lanes(a + i + 16 * v, &x);
      load_lanes(b + i + 16 * v, &y);
      sums[v] += x * y;
    }
  }
  for (; i + 16 <= count; i += 16) {
    svk_lanes x, y;
    load_lanes(a + i, &x);
    load_lanes(b + i, &y);
    sums[0] += x * y;
  }
  sums[0] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  float total = sum_of_lanes(&sums[0]);
  for (; i < count; i++) total += a[i] * b[i];
  return total;
}
SVK_KERNEL(float, dot, (const float *a, const float *b, int64_t count), (a, b, count))

SVK_INLINE double sum_squares_body(const float *x, int64_t count) {
  double lanes[16] = {0}, total = 0;
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int j = 0; j < 16; j++) lanes[j] += (double)x[i + j] * (double)x[i + j];
  }
  for (; i < count; i++) total += (double)x[i] * (double)x[i];
  for (int j = 0; j < 16; j++) total += lanes[j];
  return total;
}
SVK_KERNEL(double, sum_squares, (const float *x, int64_t count), (x, count))

SVK_INLINE double sum_body(const float *x, int64_t count) {
  double lanes[16] = {0}, total = 0;
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int j = 0; j < 16; j++) lanes[j] += (double)x[i + j];
  }
  for (; i < count; i++) total += (double)x[i];
  for (int j = 0; j < 16; j++) total += lanes[j];
  return total;
}
SVK_KERNEL(double, sum, (const float *x, int64_t count), (x, count))

/* NaN never compares greater, so it is skipped; svk_all_finite finds it. */
SVK_INLINE float max_abs_body(const float *x, int64_t count) {
  float lanes[16] = {0}, largest = 0;
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int j = 0; j < 16; j++) {
      float magnitude = fabsf(x[i + j]);
      lanes[j] = magnitude > lanes[j] ? magnitude : lanes[j];
    }
  }
  for (; i < count; i++) largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
  for (int j = 0; j < 16; j++) largest = lanes[j] > largest ? lanes[j] : largest;
  return largest;
}
SVK_KERNEL(float, max_abs, (const float *x, int64_t count), (x, count))

/* NaN and infinity fail the comparison. */
SVK_INLINE int all_finite_body(const float *x, int64_t count) {
  uint32_t bad = 0;
  for (int64_t i = 0; i < count; i++) bad |= (uint32_t)!(fabsf(x[i]) <= 3.40282347e38f);
  return bad == 0;
}
SVK_KERNEL(int, all_finite, (const float *x, int64_t count), (x, count))

SVK_INLINE void axpy_body(float alpha, const float *x, float *y, int64_t count) {
  SVK_ELEMENTWISE
  for (int64_t i = 0; i < count; i++) y[i] += alpha * x[i];
}
SVK_KERNEL(void, axpy, (float alpha, const float *x, float *y, int64_t count), (alpha, x, y, count))

SVK_INLINE void scale_body(float alpha, const float *x, float *y, int64_t count) {
  SVK_ELEMENTWISE
  for (int64_t i = 0; i < count; i++) y[i] = alpha * x[i];
}
SVK_KERNEL(void, scale, (float alpha, const float *x, float *y, int64_t count),
           (alpha, x, y, count))

SVK_INLINE void add_body(const float *a, const float *b, float *y, int64_t count) {
  SVK_ELEMENTWISE
  for (int64_t i = 0; i < count; i++) y[i] = a[i] + b[i];
}
SVK_KERNEL(void, add, (const float *a, const float *b, float *y, int64_t count), (a, b, y, count))

SVK_INLINE void multiply_body(const float *a, const float *b, float *y, int64_t count) {
  SVK_ELEMENTWISE
  for (int64_t i = 0; i < count; i++) y[i] = a[i] * b[i];
}
SVK_KERNEL(void, multiply, (const float *a, const float *b, float *y, int64_t count),
           (a, b, y, count))

SVK_INLINE void multiply_add_body(const float *a, const float *b, float *y, int64_t count) {
  SVK_ELEMENTWISE
  for (int64_t i = 0; i < count; i++) y[i] += a[i] * b[i];
}
SVK_KERNEL(void, multiply_add, (const float *a, const float *b, float *y, int64_t count),
           (a, b, y, count))
