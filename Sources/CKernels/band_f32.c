/* Solving with a banded matrix for many right-hand sides, over panels of 16 tokens as in
 * sparse_f32.c: a step of the elimination is a multiply-add of 16 lanes.
 *
 *   P A = L U        L has d numbers below its diagonal of ones, U 2d above its own (partial
 *                    pivoting exchanges rows at most d apart), kept as the inverse
 *   y = U^-1 L^-1 P x
 *
 * Rows are exchanged while they are eliminated, as LAPACK's gbtrs does (users' guide, 3rd ed.). */
#include "cpu.h"
#include "kernels.h"
#include "square.h"

enum { PANEL = SVK_SQUARE };

SVK_INLINE void exchange(float *a, float *b) {
  svk_lanes one, other;
  load_lanes(a, &one);
  load_lanes(b, &other);
  memcpy(a, &other, sizeof other);
  memcpy(b, &one, sizeof one);
}

/* panel = L^-1 P panel */
SVK_INLINE void eliminate(svk_band band, float *panel) {
  for (int64_t k = 0; k < band.order; k++) {
    const float *lower = band.lower + k * band.half;
    float *row = panel + k * PANEL;
    int64_t below = band.order - 1 - k < band.half ? band.order - 1 - k : band.half;
    if (band.pivots[k] != k) exchange(row, panel + band.pivots[k] * PANEL);
    svk_lanes lanes, sum;
    load_lanes(row, &lanes);
    for (int64_t i = 0; i < below; i++) {
      float *place = row + (i + 1) * PANEL;
      load_lanes(place, &sum);
      sum -= lower[i] * lanes;
      memcpy(place, &sum, sizeof sum);
    }
  }
}

/* panel = U^-1 panel; four sums, because each multiply-add would wait for the one before. */
SVK_INLINE void substitute(svk_band band, float *panel) {
  int64_t stride = 2 * band.half + 1;
  for (int64_t k = band.order - 1; k >= 0; k--) {
    const float *upper = band.upper + k * stride;
    float *row = panel + k * PANEL;
    int64_t above = band.order - 1 - k < 2 * band.half ? band.order - 1 - k : 2 * band.half;
    svk_lanes sums[4] = {0}, lanes;
    for (int64_t j = 1; j <= above; j++) {
      load_lanes(row + j * PANEL, &lanes);
      sums[j & 3] += upper[j] * lanes;
    }
    load_lanes(row, &lanes);
    lanes = (lanes - ((sums[0] + sums[1]) + (sums[2] + sums[3]))) * upper[0];
    memcpy(row, &lanes, sizeof lanes);
  }
}

SVK_INLINE void band_solve_body(svk_band band, float *x, int64_t tokens, float *panel) {
  for (int64_t first = 0; first < tokens; first += PANEL) {
    int64_t count = tokens - first < PANEL ? tokens - first : PANEL;
    float *place = x + first * band.order;
    turn_rows(place, band.order, count, band.order, panel, PANEL);
    eliminate(band, panel);
    substitute(band, panel);
    turn_back(panel, count, band.order, place, band.order, (svk_update){.alpha = 1});
  }
}
SVK_KERNEL(void, band_solve, (svk_band band, float *x, int64_t tokens, float *panel),
           (band, x, tokens, panel))
