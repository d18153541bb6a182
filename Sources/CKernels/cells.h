/* The numbers that one stored value stands for, its rounding cell, as formats' `cells` give them:
 *
 *   blocks   value +- |d| / 2, edge codes too: what lies beyond the last cell is no other code
 *   halves   to the middle between the value and its neighbours */
#ifndef SVK_CELLS_H
#define SVK_CELLS_H

#include <math.h>

#include "format.h"
#include "half.h"

/* Decoded values in `lower` become the cells of blocks of SVK_BLOCK values with one scale. */
SVK_INLINE void svk_widen_cells(const uint8_t *blocks, int64_t block_bytes,
                                float (*scale_of)(const uint8_t *), int64_t count, float *lower,
                                float *upper) {
  for (int64_t i = 0; i < count; i += SVK_BLOCK, blocks += block_bytes) {
    float half = fabsf(scale_of(blocks)) * (0.5f * SVK_CELL);
    for (int j = 0; j < SVK_BLOCK; j++) {
      upper[i + j] = lower[i + j] + half;
      lower[i + j] -= half;
    }
  }
}

/* The cell of a 16-bit code whose magnitude counts values in order. */
SVK_INLINE void svk_cells_between_codes(const uint16_t *codes, int64_t count,
                                        float (*value_of)(uint16_t), float *lower, float *upper) {
  for (int64_t i = 0; i < count; i++) {
    uint16_t magnitude = codes[i] & 0x7fff;
    float value = value_of(magnitude), above = value_of((uint16_t)(magnitude + 1));
    /* There are two zeros, each with half of the cell. */
    float below = magnitude ? value_of((uint16_t)(magnitude - 1)) : 0;
    /* The largest number has no finite neighbour, and what is no number has no cell. */
    float up = isfinite(above) ? (above - value) * (0.5f * SVK_CELL) : 0;
    float down = isfinite(value) ? (value - below) * (0.5f * SVK_CELL) : 0;
    int negative = codes[i] >> 15;
    lower[i] = negative ? -(value + up) : value - down;
    upper[i] = negative ? -(value - down) : value + up; /* -0 where it is that */
  }
}

#endif
