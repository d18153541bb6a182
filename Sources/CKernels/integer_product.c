/* Products over activations rounded to 8 bit: sum over blocks of 32 of scale_w scale_x (sum of
 * code_w code_x), the inner sum exact in int32, the outer in F32.
 *
 * A row of rounded activations is three arrays: F32 scales and int32 offsets, one per block,
 * then the int8 codes. An offset is -128 times the sum of the block's codes: where sums begin
 * for kernels that multiply with unsigned weights, code + 128. Fast forms are in
 * x86/integer_product.h. */
#include <math.h>
#include <string.h>

#include "format.h"
#include "half.h"
#include "integer_product.h"
#include "lanes.h"
#include "strips.h"

int64_t svk_quantized_row_bytes(int64_t columns) { return columns + columns / SVK_BLOCK * 8; }

SVK_INLINE void quantize_rows_body(const float *x, int64_t ldx, int64_t rows, int64_t columns,
                                   void *target) {
  for (int64_t row = 0; row < rows; row++, x += ldx) {
    rounded_row to = rounded_row_at(target, row, columns);
    for (int64_t b = 0; b < columns / SVK_BLOCK; b++) {
      const float *values = x + b * SVK_BLOCK;
      float largest = largest_of_32(values);
      float scale = largest / 127, inverse = scale != 0 ? 1 / scale : 0;
      int32_t sum = 0;
      for (int j = 0; j < SVK_BLOCK; j++) {
        int32_t code = svk_round_code(values[j] * inverse);
        to.codes[b * SVK_BLOCK + j] = (int8_t)code;
        sum += code;
      }
      to.scales[b] = float_of_f16(f16_of_float(scale));
      to.offsets[b] = -128 * sum;
    }
  }
}
SVK_KERNEL(void, quantize_rows,
           (const float *x, int64_t ldx, int64_t rows, int64_t columns, void *target),
           (x, ldx, rows, columns, target))

/* One unpacked row of weights times one row of activations. */
static float integer_dot__portable(const int8_t *codes, const float *scales, rounded_row x,
                                   int64_t blocks) {
  float total = 0;
  for (int64_t b = 0; b < blocks; b++) {
    int32_t sum = 0;
    for (int j = 0; j < SVK_BLOCK; j++) {
      sum += (int32_t)codes[b * SVK_BLOCK + j] * (int32_t)x.codes[b * SVK_BLOCK + j];
    }
    total += scales[b] * x.scales[b] * (float)sum;
  }
  return total;
}

#if SVK_X86
#include "x86/integer_product.h"
#endif

/* Rows as they lie: each is unpacked once, into the first cache, and met with all tokens. */
static void row_by_row(svk_weights w, int64_t first, int64_t last, const void *x, int64_t tokens,
                       float *y, int64_t ldy, void *scratch) {
  int64_t blocks = w.columns / SVK_BLOCK, row_bytes = svk_bytes_of(w.format, w.columns);
  float *scales = scratch;
  int8_t *codes = (int8_t *)(scales + blocks);
  for (int64_t r = first; r < last; r++) {
    w.format->unpack((const uint8_t *)w.bytes + r * row_bytes, w.columns, codes, scales);
    for (int64_t t = 0; t < tokens; t++) {
      rounded_row at = rounded_row_at(x, t, w.columns);
      y[t * ldy + r] = SVK_PICK(integer_dot)(codes, scales, at, blocks);
    }
  }
}

void svk_integer_product(svk_weights w, int64_t first, int64_t last, const void *x, int64_t tokens,
                         float *y, int64_t ldy, void *scratch) {
  if (w.in_strips) svk_strip_product(w, first, last, x, tokens, y, ldy);
  else row_by_row(w, first, last, x, tokens, y, ldy, scratch);
}
