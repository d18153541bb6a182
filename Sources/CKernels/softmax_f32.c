/* Rows of probabilities: softmax with the maximum subtracted, its log-sum-exp, and its backward.
 * Minus infinity masks an entry; a row that is masked throughout becomes zeros with log-sum-exp
 * -inf; one NaN makes all of them NaN. */
#include <math.h>

#include "cpu.h"
#include "elementary.h"
#include "kernels.h"

SVK_INLINE float largest_of(const float *x, int64_t count) {
  float lanes[16], largest = -INFINITY;
  for (int j = 0; j < 16; j++) lanes[j] = -INFINITY;
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int j = 0; j < 16; j++) lanes[j] = x[i + j] > lanes[j] ? x[i + j] : lanes[j];
  }
  for (; i < count; i++) largest = x[i] > largest ? x[i] : largest;
  for (int j = 0; j < 16; j++) largest = lanes[j] > largest ? lanes[j] : largest;
  return largest;
}

enum { RUN = 1024 };

/* Runs in sixteen lanes of F32, then double: a vocabulary of 10^5 loses no digit. */
SVK_INLINE double sum_of_exp(const float *x, float *y, int64_t count, float largest) {
  double total = 0;
  int64_t i = 0;
  while (i + 16 <= count) {
    float lanes[16] = {0};
    for (int64_t end = i + RUN; i < end && i + 16 <= count; i += 16) {
      for (int j = 0; j < 16; j++) {
        float value = exp_f32(x[i + j] - largest);
        if (y) y[i + j] = value;
        lanes[j] += value;
      }
    }
    for (int j = 0; j < 16; j++) total += (double)lanes[j];
  }
  for (; i < count; i++) {
    float value = exp_f32(x[i] - largest);
    if (y) y[i] = value;
    total += (double)value;
  }
  return total;
}

/* Where nothing is above -inf: whether all is masked. Comparisons pass over NaN. */
SVK_INLINE int is_masked(const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    if (x[i] != -INFINITY) return 0;
  }
  return 1;
}

SVK_INLINE float softmax_row_body(float *x, int64_t count) {
  float largest = largest_of(x, count);
  if (largest == -INFINITY) {
    float all = is_masked(x, count) ? 0 : NAN;
    for (int64_t i = 0; i < count; i++) x[i] = all;
    return all == 0 ? -INFINITY : NAN;
  }
  double total = sum_of_exp(x, x, count, largest);
  float inverse = (float)(1 / total);
  for (int64_t i = 0; i < count; i++) x[i] *= inverse;
  return (float)((double)largest + log(total));
}
SVK_KERNEL(float, softmax_row, (float *x, int64_t count), (x, count))

SVK_INLINE float softmax_part_body(float *x, int64_t count, float *largest, float *sum) {
  float before = *largest, here = largest_of(x, count);
  float now = here > before ? here : before;
  if (now == -INFINITY) {
    float rest = is_masked(x, count) ? 0 : NAN;
    for (int64_t i = 0; i < count; i++) x[i] = rest;
    *sum += rest;
    return 1;
  }
  float kept = exp_f32(before - now);
  *largest = now;
  *sum = kept * *sum + (float)sum_of_exp(x, x, count, now);
  return kept;
}
SVK_KERNEL(float, softmax_part, (float *x, int64_t count, float *largest, float *sum),
           (x, count, largest, sum))

SVK_INLINE double log_sum_exp_body(const float *x, int64_t count) {
  float largest = largest_of(x, count);
  if (largest == -INFINITY) return is_masked(x, count) ? -(double)INFINITY : (double)NAN;
  return (double)largest + log(sum_of_exp(x, 0, count, largest));
}
SVK_KERNEL(double, log_sum_exp, (const float *x, int64_t count), (x, count))

SVK_INLINE void softmax_gradient_body(float *x, float total, float *dp, float mean, float scale,
                                      int64_t count) {
  SVK_ELEMENTWISE
  for (int64_t i = 0; i < count; i++) {
    float p = exp_f32(x[i] - total);
    x[i] = p;
    dp[i] = p * (dp[i] - mean) * scale;
  }
}
SVK_KERNEL(void, softmax_gradient,
           (float *x, float total, float *dp, float mean, float scale, int64_t count),
           (x, total, dp, mean, scale, count))
