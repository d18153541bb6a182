/*
 * The two inner loops of the Jacobi decomposition, on vectors of doubles: three products at once,
 * and a plane rotation.
 *
 * Sums run in eight lanes that are added in a fixed order, and without fused operations, so that
 * every instruction set gives the same bits.
 */
#include "system.h"

enum { LANES = 8 };
typedef double lanes __attribute__((vector_size(LANES * sizeof(double)), aligned(sizeof(double))));

#define INLINE static inline __attribute__((always_inline))

/* By address: passed by value, a vector wider than the processor's has no calling convention. */
INLINE double sum_of(const lanes *v) {
  const double *lane = (const double *)v;
  return ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

INLINE void products(const double *x, const double *y, size_t count, double out[3]) {
  lanes xx = {0}, yy = {0}, xy = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    lanes a = *(const lanes *)(x + i), b = *(const lanes *)(y + i);
    xx += a * a;
    yy += b * b;
    xy += a * b;
  }
  out[0] = sum_of(&xx);
  out[1] = sum_of(&yy);
  out[2] = sum_of(&xy);
  for (; i < count; i++) {
    out[0] += x[i] * x[i];
    out[1] += y[i] * y[i];
    out[2] += x[i] * y[i];
  }
}

INLINE void rotate(double *x, double *y, double *first, double *second, size_t count, double sine,
                   double tau) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    lanes a = *(const lanes *)(x + i), b = *(const lanes *)(y + i);
    *(lanes *)(first + i) = a - sine * (b + tau * a);
    *(lanes *)(second + i) = b + sine * (a - tau * b);
  }
  for (; i < count; i++) {
    double a = x[i], b = y[i];
    first[i] = a - sine * (b + tau * a);
    second[i] = b + sine * (a - tau * b);
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void products__avx2(const double *x, const double *y,
                                                           size_t count, double out[3]) {
  products(x, y, count, out);
}

__attribute__((target("avx2"))) static void rotate__avx2(double *x, double *y, double *first,
                                                         double *second, size_t count, double sine,
                                                         double tau) {
  rotate(x, y, first, second, count, sine, tau);
}
#endif

void svs_products(const double *x, const double *y, size_t count, double out[3]) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    products__avx2(x, y, count, out);
    return;
  }
#endif
  products(x, y, count, out);
}

void svs_rotate(double *x, double *y, size_t count, double sine, double tau, int exchange) {
  double *first = exchange ? y : x, *second = exchange ? x : y;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    rotate__avx2(x, y, first, second, count, sine, tau);
    return;
  }
#endif
  rotate(x, y, first, second, count, sine, tau);
}
