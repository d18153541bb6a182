/* What encoding to IQ4_NL and IQ4_XS shares: the nearest of sixteen points (code_points.h). */
#ifndef SVK_IQ4_H
#define SVK_IQ4_H

#include "code_points.h"
#include "fit_blocks.h"

/* The outermost points, and steps around those that meet them, by percents. */
#define IQ4_LOWEST 127
#define IQ4_HIGHEST 113
#define IQ4_PARTS 50
#define IQ4_STEPS (fit_steps){-6, 9}

/* The point nearest to each value: beyond each middle of two the next. */
SVK_INLINE void nearest_point(const svk_lanes *values, svk_lanes *points) {
  svk_lanes found = (svk_lanes)(float)svk_iq4_points[0];
  for (int code = 1; code < 16; code++) {
    float below = svk_iq4_points[code - 1], above = svk_iq4_points[code];
    found = *values > 0.5f * (below + above) ? (svk_lanes)above : found;
  }
  *points = found;
}

SVK_INLINE void fit_points(const fit_group *group, signed_fit *found) {
  fit_signed(group, 2, IQ4_LOWEST, IQ4_HIGHEST, IQ4_PARTS, IQ4_STEPS, nearest_point, found);
}

/* The codes of 32 points, two a byte as in Q4_0. */
SVK_INLINE void pack_points(const svk_lanes *points, uint8_t *place) {
  for (int j = 0; j < 16; j++) {
    int low = 0, high = 0;
    while (low < 15 && (float)svk_iq4_points[low] < points[0][j]) low++;
    while (high < 15 && (float)svk_iq4_points[high] < points[1][j]) high++;
    place[j] = (uint8_t)(low | high << 4);
  }
}

#endif
