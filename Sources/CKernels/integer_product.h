/* A row of rounded activations, as svk_quantize_rows lays it out. */
#ifndef SVK_INTEGER_PRODUCT_H
#define SVK_INTEGER_PRODUCT_H

#include "format.h"

typedef struct {
  float *scales;
  int32_t *offsets;
  int8_t *codes;
} rounded_row;

static inline rounded_row rounded_row_at(const void *rows, int64_t row, int64_t columns) {
  uint8_t *from = (uint8_t *)(uintptr_t)rows + row * svk_quantized_row_bytes(columns);
  int64_t blocks = columns / SVK_BLOCK;
  rounded_row result = {(float *)from, (int32_t *)(from + 4 * blocks), (int8_t *)from + 8 * blocks};
  return result;
}

#endif
