/* Searches for the scale (and min) of a group of 16 or 32 values that leave the least error, each
 * value's square times its weight w:
 *
 *   affine   x ~ s q - m     q = 0...most, s >= 0, m >= 0
 *   signed   x ~ s q         q of some set of numbers around zero, s of either sign
 *
 * From steps a little narrower and wider than the values' range: codes nearest, then s and m by
 * least squares, the best of all; then both in turn while the error falls. No sum is contracted
 * and each has one order, so that every processor finds the same bytes. */
#ifndef SVK_FIT_H
#define SVK_FIT_H

#include "blocks.h"

#pragma STDC FP_CONTRACT OFF

enum { FIT_LANES = 2, FIT_TURNS = 6 };

/* A group: one lane vector of 16 values or two. */
typedef struct {
  svk_lanes x[FIT_LANES], w[FIT_LANES];
} fit_group;

SVK_INLINE void load_group(const float *x, const float *w, const int lanes, fit_group *to) {
  for (int i = 0; i < lanes; i++) {
    load_lanes(x + SVK_GROUP * i, &to->x[i]);
    to->w[i] = (svk_lanes)1;
    if (w) load_lanes(w + SVK_GROUP * i, &to->w[i]);
  }
}

SVK_INLINE float sum_of_group(const svk_lanes *values, const int lanes) {
  svk_lanes sum = values[0];
  for (int i = 1; i < lanes; i++) sum += values[i];
  return sum_of_lanes(&sum);
}

/* Whole numbers from `least` to `most`, the nearest to each value; halves go up. */
SVK_INLINE void round_between(const svk_lanes *values, float least, float most, svk_lanes *codes) {
  typedef int32_t integers __attribute__((ext_vector_type(16)));
  svk_lanes from_zero = *values - least + 0.5f;
  from_zero = __builtin_elementwise_min(__builtin_elementwise_max(from_zero, (svk_lanes)0),
                                        (svk_lanes)(most - least));
  integers whole = __builtin_convertvector(from_zero, integers);
  *codes = __builtin_convertvector(whole, svk_lanes) + least;
}

/* ---- Affine. */
typedef struct {
  float scale, min, error;
} affine_fit;

SVK_INLINE void affine_codes(const fit_group *g, const int lanes, float scale, float min, int most,
                             svk_lanes *q) {
  float inverse = scale > 0 ? 1 / scale : 0;
  for (int i = 0; i < lanes; i++) {
    svk_lanes steps = (g->x[i] + min) * inverse;
    round_between(&steps, 0, (float)most, &q[i]);
  }
}

SVK_INLINE float affine_error(const fit_group *g, const int lanes, float scale, float min,
                              const svk_lanes *q) {
  svk_lanes errors[FIT_LANES];
  for (int i = 0; i < lanes; i++) {
    svk_lanes off = g->x[i] - (scale * q[i] - min);
    errors[i] = g->w[i] * off * off;
  }
  return sum_of_group(errors, lanes);
}

/* The best scale and min for codes that are there. */
SVK_INLINE void affine_squares(const fit_group *g, const int lanes, const svk_lanes *q,
                               affine_fit *fit) {
  svk_lanes w[FIT_LANES], wq[FIT_LANES], wqq[FIT_LANES], wx[FIT_LANES], wqx[FIT_LANES];
  for (int i = 0; i < lanes; i++) {
    w[i] = g->w[i];
    wq[i] = w[i] * q[i];
    wqq[i] = wq[i] * q[i];
    wx[i] = w[i] * g->x[i];
    wqx[i] = wq[i] * g->x[i];
  }
  float sw = sum_of_group(w, lanes), sq = sum_of_group(wq, lanes), sqq = sum_of_group(wqq, lanes);
  float sx = sum_of_group(wx, lanes), sqx = sum_of_group(wqx, lanes);
  float determinant = sw * sqq - sq * sq;
  if (!(determinant > 0)) return;
  float scale = (sw * sqx - sq * sx) / determinant, min = (sq * sqx - sqq * sx) / determinant;
  if (!(min > 0)) {
    min = 0;
    scale = sqx / sqq;
  }
  fit->scale = scale > 0 ? scale : 0;
  fit->min = min;
}

/* How much narrower and wider steps are tried: (range / (most + k / 10)) for k in first...last. */
typedef struct {
  int first, last;
} fit_steps;

SVK_INLINE void fit_affine(const fit_group *g, const int lanes, const int most, fit_steps steps,
                           affine_fit *best) {
  svk_lanes low = g->x[0], high = g->x[0], q[FIT_LANES];
  for (int i = 1; i < lanes; i++) {
    low = __builtin_elementwise_min(low, g->x[i]);
    high = __builtin_elementwise_max(high, g->x[i]);
  }
  float least = __builtin_reduce_min(low), largest = __builtin_reduce_max(high);
  if (least > 0) least = 0;
  float range = largest - least;
  *best = (affine_fit){range > 0 ? range / (float)most : 0, -least, 0};
  affine_codes(g, lanes, best->scale, best->min, most, q);
  best->error = affine_error(g, lanes, best->scale, best->min, q);
  if (!(range > 0)) return;
  for (int k = steps.first; k <= steps.last; k++) {
    affine_fit fit = {range / ((float)most + 0.1f * (float)k), -least, 0};
    affine_codes(g, lanes, fit.scale, fit.min, most, q);
    affine_squares(g, lanes, q, &fit);
    fit.error = affine_error(g, lanes, fit.scale, fit.min, q);
    if (fit.error < best->error) *best = fit;
  }
  for (int turn = 0; turn < FIT_TURNS; turn++) {
    affine_fit fit = *best;
    affine_codes(g, lanes, fit.scale, fit.min, most, q);
    affine_squares(g, lanes, q, &fit);
    fit.error = affine_error(g, lanes, fit.scale, fit.min, q);
    if (!(fit.error < best->error)) return;
    *best = fit;
  }
}

/* ---- Signed: `nearest` gives the number of the set nearest to each value. */
typedef void (*fit_nearest)(const svk_lanes *values, svk_lanes *numbers);

typedef struct {
  float scale, error;
} signed_fit;

SVK_INLINE void signed_codes(const fit_group *g, const int lanes, float scale, fit_nearest nearest,
                             svk_lanes *q) {
  float inverse = scale != 0 ? 1 / scale : 0;
  for (int i = 0; i < lanes; i++) {
    svk_lanes steps = g->x[i] * inverse;
    nearest(&steps, &q[i]);
  }
}

SVK_INLINE float signed_error(const fit_group *g, const int lanes, float scale,
                              const svk_lanes *q) {
  svk_lanes errors[FIT_LANES];
  for (int i = 0; i < lanes; i++) {
    svk_lanes off = g->x[i] - scale * q[i];
    errors[i] = g->w[i] * off * off;
  }
  return sum_of_group(errors, lanes);
}

/* sum of w q x and of w q q. */
SVK_INLINE void signed_sums(const fit_group *g, const int lanes, const svk_lanes *q, float *sqx,
                            float *sqq) {
  svk_lanes wqx[FIT_LANES], wqq[FIT_LANES];
  for (int i = 0; i < lanes; i++) {
    wqx[i] = g->w[i] * q[i] * g->x[i];
    wqq[i] = g->w[i] * q[i] * q[i];
  }
  *sqx = sum_of_group(wqx, lanes);
  *sqq = sum_of_group(wqq, lanes);
}

/* From `scale`: nearest numbers, then the scale that is best for them. */
SVK_INLINE void better_signed(const fit_group *g, const int lanes, float scale,
                              fit_nearest nearest, signed_fit *fit) {
  svk_lanes q[FIT_LANES];
  float sqx, sqq;
  signed_codes(g, lanes, scale, nearest, q);
  signed_sums(g, lanes, q, &sqx, &sqq);
  fit->scale = sqq > 0 ? sqx / sqq : scale;
  fit->error = signed_error(g, lanes, fit->scale, q);
}

/* Steps from those at which the value of largest magnitude is the lowest number, and the highest:
 * of a set from -lowest to highest, both times (1 + k / `parts`) for k in first...last. */
SVK_INLINE void fit_signed(const fit_group *g, const int lanes, float lowest, float highest,
                           float parts, fit_steps steps, fit_nearest nearest, signed_fit *best) {
  float values[FIT_LANES * SVK_GROUP];
  memcpy(values, g->x, (size_t)lanes * sizeof g->x[0]);
  float extreme = extreme_of(values, lanes * SVK_GROUP);
  svk_lanes q[FIT_LANES];
  *best = (signed_fit){extreme / -lowest, 0};
  signed_codes(g, lanes, best->scale, nearest, q);
  best->error = signed_error(g, lanes, best->scale, q);
  if (extreme == 0) return;
  for (int k = steps.first; k <= steps.last; k++) {
    float factor = 1 + (float)k / parts;
    signed_fit fit;
    better_signed(g, lanes, extreme / (-lowest * factor), nearest, &fit);
    if (fit.error < best->error) *best = fit;
    better_signed(g, lanes, extreme / (highest * factor), nearest, &fit);
    if (fit.error < best->error) *best = fit;
  }
  for (int turn = 0; turn < FIT_TURNS; turn++) {
    signed_fit fit;
    better_signed(g, lanes, best->scale, nearest, &fit);
    if (!(fit.error < best->error)) return;
    *best = fit;
  }
}

/* Whether all are finite. */
SVK_INLINE int all_numbers(const float *x, int count) {
  float sum = 0;
  for (int j = 0; j < count; j++) sum += x[j] * 0;
  return sum == 0;
}

#endif
