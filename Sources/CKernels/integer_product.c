/* Products over activations rounded to 8 bit: sum over blocks of 32 of scale_w scale_x (sum of
 * code_w code_x), the inner sum exact in int32, the outer in F32.
 *
 * Fast forms are in x86/integer_product.h. */
#include <math.h>
#include <string.h>

#include "format.h"
#include "half.h"
#include "integer_product.h"
#include "lanes.h"
#include "strips.h"

int64_t svk_quantized_row_bytes(int64_t columns) { return columns / SVK_BLOCK * SVK_TOKEN_BYTES; }

int64_t svk_tile_tokens(svk_weights w) { return w.in_strips ? SVK_STRIP_TOKENS : 1; }

/* The codes of one token's block; returns its scale, and the sum of the codes. */
SVK_INLINE float round_block(const float *values, int8_t *codes, int32_t *sum) {
  float largest = largest_of_32(values);
  float scale = largest / 127, inverse = scale != 0 ? 1 / scale : 0;
  *sum = 0;
  for (int j = 0; j < SVK_BLOCK; j++) {
    int32_t code = svk_round_code(values[j] * inverse);
    codes[j] = (int8_t)code;
    *sum += code;
  }
  return float_of_f16(f16_of_float(scale));
}

SVK_INLINE void quantize_tile_body(const float *x, int64_t ldx, int64_t tokens, int64_t columns,
                                   void *target) {
  uint8_t *to = target;
  for (int64_t b = 0; b < columns / SVK_BLOCK; b++, to += SVK_TOKEN_BYTES * tokens) {
    for (int64_t t = 0; t < tokens; t++) {
      int8_t codes[SVK_BLOCK];
      int32_t sum;
      float scale = round_block(x + t * ldx + b * SVK_BLOCK, codes, &sum);
      int32_t offset = -128 * sum;
      memcpy(to + 4 * t, &scale, 4);
      memcpy(to + 4 * (tokens + t), &offset, 4);
      for (int g = 0; g < SVK_BLOCK / 4; g++) {
        memcpy(to + 4 * ((2 + g) * tokens + t), codes + 4 * g, 4);
      }
    }
  }
}
SVK_KERNEL(void, quantize_tile,
           (const float *x, int64_t ldx, int64_t tokens, int64_t columns, void *target),
           (x, ldx, tokens, columns, target))

/* One unpacked row of weights times a tile of one token. */
static float integer_dot__portable(const int8_t *codes, const float *scales, rounded_tile x,
                                   int64_t blocks) {
  float total = 0;
  for (int64_t b = 0; b < blocks; b++) {
    const int8_t *others = rounded_codes(x, b, 0, 0);
    int32_t sum = 0;
    for (int j = 0; j < SVK_BLOCK; j++) {
      sum += (int32_t)codes[b * SVK_BLOCK + j] * (int32_t)others[j];
    }
    total += scales[b] * rounded_scale(x, b, 0) * (float)sum;
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
      rounded_tile at = rounded_tile_at(x, t, tokens, 1, w.columns);
      y[t * ldy + r] = SVK_PICK(integer_dot)(codes, scales, at, blocks);
    }
  }
}

void svk_integer_product(svk_weights w, int64_t first, int64_t last, const void *x, int64_t tokens,
                         float *y, int64_t ldy, void *scratch) {
  if (w.in_strips) svk_strip_product(w, first, last, x, tokens, y, ldy);
  else row_by_row(w, first, last, x, tokens, y, ldy, scratch);
}
