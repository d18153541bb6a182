/* Activations rounded to 8 bit, as svk_quantize_tile lays them out: tiles of a few tokens, so that
 * what a kernel broadcasts next lies next. Per block of 32 columns
 *
 *   F32 scales [tokens]   int32 offsets [tokens]   codes [8][tokens][4]
 *   int32 offsets of the first half [tokens]   F32 sums [tokens]
 *
 * An offset is -128 times the sum of codes: where sums begin for kernels that multiply with
 * unsigned weights, code + 128. A sum is that of the block's values: what mins are times. */
#ifndef SVK_INTEGER_PRODUCT_H
#define SVK_INTEGER_PRODUCT_H

#include <string.h>

#include "format.h"

enum { SVK_TOKEN_BYTES = 48 }; /* of a token's block */

typedef struct {
  const uint8_t *from;
  int64_t tokens;
} rounded_tile;

/* The tile whose first token is `first`, of `tokens` in all. */
static inline rounded_tile rounded_tile_at(const void *x, int64_t first, int64_t tokens,
                                           int64_t width, int64_t columns) {
  rounded_tile tile = {(const uint8_t *)x + first * svk_quantized_row_bytes(columns),
                       tokens - first < width ? tokens - first : width};
  return tile;
}

static inline const uint8_t *rounded_block(rounded_tile tile, int64_t b) {
  return tile.from + b * SVK_TOKEN_BYTES * tile.tokens;
}

static inline float rounded_scale(rounded_tile tile, int64_t b, int64_t t) {
  float scale;
  memcpy(&scale, rounded_block(tile, b) + 4 * t, 4);
  return scale;
}

/* Codes 4g ..< 4g + 4 of a token's block. */
static inline const int8_t *rounded_codes(rounded_tile tile, int64_t b, int64_t g, int64_t t) {
  return (const int8_t *)rounded_block(tile, b) + 4 * ((2 + g) * tile.tokens + t);
}

/* The sum of the codes of one half of a token's block. */
static inline int32_t rounded_sum(rounded_tile tile, int64_t b, int64_t t, int half) {
  int32_t whole, first;
  memcpy(&whole, rounded_block(tile, b) + 4 * (tile.tokens + t), 4);
  memcpy(&first, rounded_block(tile, b) + 4 * (10 * tile.tokens + t), 4);
  return -(half ? whole - first : first) / 128;
}

/* The sum of a token's block, as values. */
static inline float rounded_total(rounded_tile tile, int64_t b, int64_t t) {
  float total;
  memcpy(&total, rounded_block(tile, b) + 4 * (11 * tile.tokens + t), 4);
  return total;
}

/* 32 unpacked codes, with scales and (where there are any) mins of their halves, times a block. */
static inline float svk_rounded_block_dot(const int8_t *codes, const float *scales,
                                          const float *mins, rounded_tile x, int64_t b,
                                          int64_t t) {
  float total = 0;
  for (int half = 0; half < 2; half++) {
    int32_t sum = 0;
    for (int i = 16 * half; i < 16 * half + 16; i++) {
      sum += (int32_t)codes[i] * rounded_codes(x, b, i / 4, t)[i % 4];
    }
    total += scales[half] * (float)sum;
    if (mins) total -= mins[half] * (float)rounded_sum(x, b, t, half);
  }
  return total * rounded_scale(x, b, t);
}

#endif
