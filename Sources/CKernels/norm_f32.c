/* Row normalisation, forward and backward, with r = 1 / sqrt(variance + eps):
 *   RMS    y = x r g,            dx = r (d - x r^2 mean(d x)),                     d = dy g
 *   layer  y = (x - mu) r g + b, dx = r (d - mean(d) - z mean(d z)), z = (x - mu) r
 * where g = weight + offset. Sums are double: widths of 10^4 lose no digit. */
#include <math.h>
#include <stddef.h>

#include "cpu.h"
#include "kernels.h"

SVK_INLINE float gain(const svk_norm *norm, int64_t k) {
  return norm->weight ? norm->weight[k] + norm->weight_offset : 1;
}

SVK_INLINE double centred_squares(const float *x, int64_t width, float mean) {
  double lanes[16] = {0}, total = 0;
  int64_t k = 0;
  for (; k + 16 <= width; k += 16) {
    for (int j = 0; j < 16; j++) {
      double centred = (double)(x[k + j] - mean);
      lanes[j] += centred * centred;
    }
  }
  for (; k < width; k++) total += (double)(x[k] - mean) * (double)(x[k] - mean);
  for (int j = 0; j < 16; j++) total += lanes[j];
  return total;
}

/* y = (x - mean) r g + bias for one row. */
SVK_INLINE void write_row(const svk_norm *norm, const float *bias, const float *x, float *y,
                          float mean, float inverse) {
  if (!norm->weight) {
    for (int64_t k = 0; k < norm->width; k++) y[k] = (x[k] - mean) * inverse;
  } else {
    for (int64_t k = 0; k < norm->width; k++) {
      y[k] = (x[k] - mean) * inverse * (norm->weight[k] + norm->weight_offset);
    }
  }
  for (int64_t k = 0; bias && k < norm->width; k++) y[k] += bias[k];
}

SVK_INLINE void rms_norm_body(svk_norm norm, const float *x, float *y, float *inverse) {
  for (int64_t row = 0; row < norm.rows; row++, x += norm.width, y += norm.width) {
    double mean = centred_squares(x, norm.width, 0) / (double)norm.width;
    float r = (float)(1 / sqrt(mean + (double)norm.epsilon));
    if (inverse) inverse[row] = r;
    write_row(&norm, NULL, x, y, 0, r);
  }
}
SVK_KERNEL(void, rms_norm, (svk_norm norm, const float *x, float *y, float *inverse),
           (norm, x, y, inverse))

SVK_INLINE void layer_norm_body(svk_norm norm, const float *bias, const float *x, float *y,
                                float *mean, float *inverse) {
  for (int64_t row = 0; row < norm.rows; row++, x += norm.width, y += norm.width) {
    double lanes[16] = {0}, total = 0;
    int64_t k = 0;
    for (; k + 16 <= norm.width; k += 16) {
      for (int j = 0; j < 16; j++) lanes[j] += (double)x[k + j];
    }
    for (; k < norm.width; k++) total += (double)x[k];
    for (int j = 0; j < 16; j++) total += lanes[j];
    float centre = (float)(total / (double)norm.width);
    double variance = centred_squares(x, norm.width, centre) / (double)norm.width;
    float r = (float)(1 / sqrt(variance + (double)norm.epsilon));
    if (mean) mean[row] = centre;
    if (inverse) inverse[row] = r;
    write_row(&norm, bias, x, y, centre, r);
  }
}
SVK_KERNEL(void, layer_norm,
           (svk_norm norm, const float *bias, const float *x, float *y, float *mean,
            float *inverse),
           (norm, bias, x, y, mean, inverse))

/* One row backward: sums of d and d z, then dx = r (d - first - z second). */
SVK_INLINE void row_backward(const svk_norm *norm, const float *x, float mean, float inverse,
                             const float *dy, float *dx, int centred, int accumulate) {
  double sums[16] = {0}, products[16] = {0};
  int64_t whole = norm->width & ~(int64_t)15;
  for (int64_t k = 0; k < whole; k += 16) {
    for (int64_t j = 0; j < 16; j++) {
      float d = dy[k + j] * gain(norm, k + j);
      sums[j] += (double)d;
      products[j] += (double)(d * (x[k + j] - mean) * inverse);
    }
  }
  for (int64_t k = whole; k < norm->width; k++) {
    float d = dy[k] * gain(norm, k);
    sums[0] += (double)d;
    products[0] += (double)(d * (x[k] - mean) * inverse);
  }
  for (int j = 1; j < 16; j++) {
    sums[0] += sums[j];
    products[0] += products[j];
  }
  float first = centred ? (float)(sums[0] / (double)norm->width) : 0;
  float second = (float)(products[0] / (double)norm->width);
  for (int64_t k = 0; k < norm->width; k++) {
    float z = (x[k] - mean) * inverse;
    float value = inverse * (dy[k] * gain(norm, k) - first - z * second);
    dx[k] = accumulate ? dx[k] + value : value;
  }
}

SVK_INLINE void layer_norm_backward_body(svk_norm norm, const float *x, const float *mean,
                                         const float *inverse, const float *dy, float *dx,
                                         float *dweight, float *dbias, int accumulate) {
  for (int64_t row = 0; row < norm.rows; row++) {
    float centre = mean ? mean[row] : 0, r = inverse[row];
    for (int64_t k = 0; dweight && k < norm.width; k++) dweight[k] += dy[k] * (x[k] - centre) * r;
    for (int64_t k = 0; dbias && k < norm.width; k++) dbias[k] += dy[k];
    x += norm.width;
    dy += norm.width;
    if (!dx) continue;
    row_backward(&norm, x - norm.width, centre, r, dy - norm.width, dx, mean != NULL, accumulate);
    dx += norm.width;
  }
}
SVK_KERNEL(void, layer_norm_backward,
           (svk_norm norm, const float *x, const float *mean, const float *inverse,
            const float *dy, float *dx, float *dweight, float *dbias, int accumulate),
           (norm, x, mean, inverse, dy, dx, dweight, dbias, accumulate))

void svk_rms_norm_backward(svk_norm norm, const float *x, const float *inverse, const float *dy,
                           float *dx, float *dweight, int accumulate) {
  svk_layer_norm_backward(norm, x, NULL, inverse, dy, dx, dweight, NULL, accumulate);
}
