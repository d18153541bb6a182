/* Numbers that lie inside the rounding cells of stored values: what is trained instead of a value
 * that is rounded afterwards. A change then is not lost whenever it is smaller than a cell. */
#include "cells.h"

enum { RUN = 256 }; /* values at a time: whole blocks */

int64_t svk_clamp_to_cells(const svk_format *format, const void *source, int64_t count,
                           float *values) {
  float lower[RUN], upper[RUN];
  int64_t strays = 0;
  for (int64_t i = 0; i < count; i += RUN) {
    int64_t run = count - i < RUN ? count - i : RUN;
    format->cells((const uint8_t *)source + svk_bytes_of(format, i), run, lower, upper);
    for (int64_t j = 0; j < run; j++) {
      float value = values[i + j], width = upper[j] - lower[j];
      /* Encoders put numbers up to a cell away into an edge code, and none farther. */
      strays += width > 0 && (value > upper[j] + 0.6f * width || value < lower[j] - 0.6f * width);
      value = value < upper[j] ? value : upper[j];
      values[i + j] = value > lower[j] ? value : lower[j];
    }
  }
  return strays;
}

void svk_spread_in_cells(const svk_format *format, const void *source, int64_t count,
                         const uint8_t *random, float *values) {
  float lower[RUN], upper[RUN];
  for (int64_t i = 0; i < count; i += RUN) {
    int64_t run = count - i < RUN ? count - i : RUN;
    format->cells((const uint8_t *)source + svk_bytes_of(format, i), run, lower, upper);
    for (int64_t j = 0; j < run; j++) {
      float place = ((float)random[i + j] + 0.5f) / 256;
      values[i + j] = lower[j] + place * (upper[j] - lower[j]);
    }
  }
}

int svk_has_block_scales(const svk_format *format) { return format->has_scale; }

void svk_recode(const svk_format *format, const float *source, int64_t count, void *target) {
  format->recode(source, count, target);
}
