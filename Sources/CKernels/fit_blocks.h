/* Encoding of blocks of 256 whose groups' scales are whole numbers of a scale d of the block
 * (fit.h has the groups): groups are fitted alone, their scales rounded, the best of the neighbours
 * taken with the codes they give, and d fitted again by least squares over the whole block, while
 * the error falls. */
#ifndef SVK_FIT_BLOCKS_H
#define SVK_FIT_BLOCKS_H

#include "fit.h"

enum { FIT_LENGTH = 256, FIT_MOST_GROUPS = 16, FIT_ROUNDS = 3 };

/* A block as it is searched for: whole numbers, and codes as floats. */
typedef struct {
  float d, least; /* as F16 has them */
  float scales[FIT_MOST_GROUPS], mins[FIT_MOST_GROUPS], error;
  svk_lanes q[FIT_LENGTH / SVK_GROUP];
} fit_block;

/* Rounds to a whole number from `low` to `high`. */
SVK_INLINE float whole(float value, float low, float high) {
  float rounded = value < 0 ? (float)(int)(value - 0.5f) : (float)(int)(value + 0.5f);
  return rounded < low ? low : rounded > high ? high : rounded;
}

/* Steps of `unit` in `value`, cut to what an int holds. */
SVK_INLINE float steps_of(float value, float unit) {
  float steps = unit != 0 ? value / unit : 0;
  return steps < 1000 ? steps > -1000 ? steps : -1000 : 1000;
}

/* ---- Affine: x ~ d scale q - least min, scales and mins 0...top. */
SVK_INLINE void round_affine(const fit_group *groups, const affine_fit *fits, const int count,
                             const int lanes, const int most, const int top, fit_block *block) {
  block->error = 0;
  for (int g = 0; g < count; g++) {
    float near = whole(steps_of(fits[g].scale, block->d), 0, (float)top);
    float under = whole(steps_of(fits[g].min, block->least), 0, (float)top);
    float best = INFINITY;
    for (int i = -1; i <= 1; i++) {
      for (int j = -1; j <= 1; j++) {
        float scale = near + (float)i, min = under + (float)j;
        if (scale < 0 || scale > (float)top || min < 0 || min > (float)top) continue;
        svk_lanes q[FIT_LANES];
        affine_codes(&groups[g], lanes, block->d * scale, block->least * min, most, q);
        float error =
            affine_error(&groups[g], lanes, block->d * scale, block->least * min, q);
        if (!(error < best)) continue;
        best = error;
        block->scales[g] = scale;
        block->mins[g] = min;
        memcpy(block->q + g * lanes, q, (size_t)lanes * sizeof q[0]);
      }
    }
    block->error += best;
  }
}

/* d and least by least squares, scales, mins and codes as they are; as F16. */
SVK_INLINE void refit_affine(const fit_group *groups, const int count, const int lanes,
                             fit_block *block) {
  float aa = 0, ab = 0, bb = 0, ax = 0, bx = 0;
  for (int g = 0; g < count; g++) {
    svk_lanes wq[FIT_LANES], wqq[FIT_LANES], wx[FIT_LANES], wqx[FIT_LANES];
    for (int i = 0; i < lanes; i++) {
      svk_lanes q = block->q[g * lanes + i];
      wq[i] = groups[g].w[i] * q;
      wqq[i] = wq[i] * q;
      wx[i] = groups[g].w[i] * groups[g].x[i];
      wqx[i] = wq[i] * groups[g].x[i];
    }
    float scale = block->scales[g], min = block->mins[g];
    aa += scale * scale * sum_of_group(wqq, lanes);
    ab += scale * min * sum_of_group(wq, lanes);
    bb += min * min * sum_of_group(groups[g].w, lanes);
    ax += scale * sum_of_group(wqx, lanes);
    bx += min * sum_of_group(wx, lanes);
  }
  float determinant = aa * bb - ab * ab;
  if (determinant > 0) {
    block->d = through_half((bb * ax - ab * bx) / determinant);
    block->least = through_half((ab * ax - aa * bx) / determinant);
  } else if (aa > 0) {
    block->d = through_half(ax / aa);
  }
}

SVK_INLINE void fit_affine_block(const float *x, const float *w, const int lanes, const int most,
                                 const int top, fit_steps steps, fit_block *best) {
  const int count = FIT_LENGTH / SVK_GROUP / lanes;
  fit_group groups[FIT_MOST_GROUPS];
  affine_fit fits[FIT_MOST_GROUPS];
  float scale = 0, min = 0;
  for (int g = 0; g < count; g++) {
    int place = g * lanes * SVK_GROUP;
    load_group(x + place, w ? w + place : NULL, lanes, &groups[g]);
    fit_affine(&groups[g], lanes, most, steps, &fits[g]);
    scale = fits[g].scale > scale ? fits[g].scale : scale;
    min = fits[g].min > min ? fits[g].min : min;
  }
  best->d = through_half(scale / (float)top);
  best->least = through_half(min / (float)top);
  round_affine(groups, fits, count, lanes, most, top, best);
  fit_block other = *best;
  for (int turn = 0; turn < FIT_ROUNDS; turn++) {
    refit_affine(groups, count, lanes, &other);
    if (!(other.d > 0) || !(other.least >= 0)) return;
    round_affine(groups, fits, count, lanes, most, top, &other);
    if (!(other.error < best->error)) return;
    *best = other;
  }
}

/* ---- Signed: x ~ d scale q, scales -range...range - 1. */
SVK_INLINE void round_signed(const fit_group *groups, const signed_fit *fits, const int count,
                             const int lanes, float range, fit_nearest nearest,
                             fit_block *block) {
  block->error = 0;
  for (int g = 0; g < count; g++) {
    float near = whole(steps_of(fits[g].scale, block->d), -range, range - 1);
    float best = INFINITY;
    for (int i = -1; i <= 1; i++) {
      float scale = near + (float)i;
      if (scale < -range || scale > range - 1) continue;
      svk_lanes q[FIT_LANES];
      signed_codes(&groups[g], lanes, block->d * scale, nearest, q);
      float error = signed_error(&groups[g], lanes, block->d * scale, q);
      if (!(error < best)) continue;
      best = error;
      block->scales[g] = scale;
      memcpy(block->q + g * lanes, q, (size_t)lanes * sizeof q[0]);
    }
    block->error += best;
  }
}

SVK_INLINE void refit_signed(const fit_group *groups, const int count, const int lanes,
                             fit_block *block) {
  float above = 0, below = 0;
  for (int g = 0; g < count; g++) {
    float sqx, sqq;
    signed_sums(&groups[g], lanes, block->q + g * lanes, &sqx, &sqq);
    above += block->scales[g] * sqx;
    below += block->scales[g] * block->scales[g] * sqq;
  }
  if (below > 0) block->d = through_half(above / below);
}

/* `lowest`, `highest` and `parts` as fit_signed has them. */
SVK_INLINE void fit_signed_block(const float *x, const float *w, const int lanes, float lowest,
                                 float highest, float parts, fit_steps steps, float range,
                                 fit_nearest nearest, fit_block *best) {
  const int count = FIT_LENGTH / SVK_GROUP / lanes;
  fit_group groups[FIT_MOST_GROUPS];
  signed_fit fits[FIT_MOST_GROUPS];
  float extreme = 0;
  for (int g = 0; g < count; g++) {
    int place = g * lanes * SVK_GROUP;
    load_group(x + place, w ? w + place : NULL, lanes, &groups[g]);
    fit_signed(&groups[g], lanes, lowest, highest, parts, steps, nearest, &fits[g]);
    if (fabsf(fits[g].scale) > fabsf(extreme)) extreme = fits[g].scale;
  }
  best->d = through_half(extreme / -range);
  round_signed(groups, fits, count, lanes, range, nearest, best);
  fit_block other = *best;
  for (int turn = 0; turn < FIT_ROUNDS; turn++) {
    refit_signed(groups, count, lanes, &other);
    if (other.d == 0) return;
    round_signed(groups, fits, count, lanes, range, nearest, &other);
    if (!(other.error < best->error)) return;
    *best = other;
  }
}

/* The codes of a block, each with `zero` added. */
SVK_INLINE void fitted_codes(const fit_block *block, int zero, uint8_t *codes) {
  for (int i = 0; i < FIT_LENGTH / SVK_GROUP; i++) {
    svk_byte_lanes bytes = __builtin_convertvector(block->q[i] + (float)zero, svk_byte_lanes);
    store_bytes(&bytes, codes + i * SVK_GROUP);
  }
}

/* A block in which nothing is a number: zeros and a NaN where its d is. */
static inline void put_no_number(uint8_t *block, int bytes, int d) {
  memset(block, 0, (size_t)bytes);
  put_half(block + d, NAN);
}

/* svk_fit_<name>: `fit_one(x, importance, block)` over all blocks; those with NaN or infinity have
 * a NaN at byte `d`. */
#define SVK_FITS(name, length, bytes, d, fit_one)                                                  \
  SVK_INLINE void fit_##name##_body(const float *source, const float *importance, int64_t count,   \
                                    void *target) {                                                \
    uint8_t *block = target;                                                                       \
    for (int64_t i = 0; i < count; i += (length), block += (bytes)) {                              \
      if (all_numbers(source + i, length)) {                                                       \
        fit_one(source + i, importance ? importance + i : NULL, block);                            \
      } else {                                                                                     \
        put_no_number(block, bytes, d);                                                            \
      }                                                                                            \
    }                                                                                              \
  }                                                                                                \
  SVK_KERNEL(void, fit_##name,                                                                     \
             (const float *source, const float *importance, int64_t count, void *target),          \
             (source, importance, count, target))

#endif
