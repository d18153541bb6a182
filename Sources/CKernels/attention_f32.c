/* Pieces of attention for one query of one head, over rows (keys or values) `stride` floats apart:
 * scores = scale q K^T, mixture = w V. */
#include "cpu.h"
#include "kernels.h"
#include "lanes.h"

/* Four rows at a time share the loads of q. */
SVK_INLINE void four_scores(const float *q, const float *rows, int64_t stride, int64_t width,
                            float *out) {
  svk_lanes sums[4] = {{0}, {0}, {0}, {0}};
  float tails[4] = {0};
  int64_t d = 0;
  for (; d + 16 <= width; d += 16) {
    svk_lanes x, y;
    load_lanes(q + d, &x);
    for (int r = 0; r < 4; r++) {
      load_lanes(rows + r * stride + d, &y);
      sums[r] += x * y;
    }
  }
  for (; d < width; d++) {
    for (int r = 0; r < 4; r++) tails[r] += q[d] * rows[r * stride + d];
  }
  for (int r = 0; r < 4; r++) out[r] = sum_of_lanes(&sums[r]) + tails[r];
}

SVK_INLINE void row_scores_body(const float *q, const float *rows, int64_t stride, int64_t count,
                                int64_t width, float scale, float *scores) {
  float four[4];
  int64_t j = 0;
  for (; j + 4 <= count; j += 4) {
    four_scores(q, rows + j * stride, stride, width, four);
    for (int r = 0; r < 4; r++) scores[j + r] = scale * four[r];
  }
  /* The last rows alone, as a group of stride 0: the same sums in the same order. */
  for (; j < count; j++) {
    four_scores(q, rows + j * stride, 0, width, four);
    scores[j] = scale * four[0];
  }
}
SVK_KERNEL(void, row_scores,
           (const float *q, const float *rows, int64_t stride, int64_t count, int64_t width,
            float scale, float *scores),
           (q, rows, stride, count, width, scale, scores))

/* 64 outputs stay in registers over all rows. */
SVK_INLINE void row_mix_body(const float *weights, const float *rows, int64_t stride,
                             int64_t count, int64_t width, float *out, int accumulate) {
  int64_t d = 0;
  for (; d + 64 <= width; d += 64) {
    svk_lanes sums[4] = {{0}, {0}, {0}, {0}};
    if (accumulate) memcpy(sums, out + d, sizeof sums);
    for (int64_t j = 0; j < count; j++) {
      for (int v = 0; v < 4; v++) {
        svk_lanes x;
        load_lanes(rows + j * stride + d + 16 * v, &x);
        sums[v] += weights[j] * x;
      }
    }
    memcpy(out + d, sums, sizeof sums);
  }
  for (; d + 16 <= width; d += 16) {
    svk_lanes sum = {0}, x;
    if (accumulate) load_lanes(out + d, &sum);
    for (int64_t j = 0; j < count; j++) {
      load_lanes(rows + j * stride + d, &x);
      sum += weights[j] * x;
    }
    memcpy(out + d, &sum, sizeof sum);
  }
  for (; d < width; d++) {
    float sum = accumulate ? out[d] : 0;
    for (int64_t j = 0; j < count; j++) sum += weights[j] * rows[j * stride + d];
    out[d] = sum;
  }
}
SVK_KERNEL(void, row_mix,
           (const float *weights, const float *rows, int64_t stride, int64_t count, int64_t width,
            float *out, int accumulate),
           (weights, rows, stride, count, width, out, accumulate))
