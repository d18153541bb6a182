/* Products over activations rounded to 8 bit: sum over groups of 16 of scale_x (scale_w (sum of
 * code_w code_x) - min_w (sum of code_x)), inner sums exact in int32, the outer in F32.
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

int64_t svk_tile_tokens(svk_weights w, int64_t tokens) {
  return w.arrangement != SVK_ROWS ? svk_strip_tile(tokens) : 1;
}

typedef int32_t integers __attribute__((ext_vector_type(16)));

/* svk_round_code of sixteen values at once. */
SVK_INLINE void round_lanes(const svk_lanes *values, integers *codes) {
  svk_lanes numbers = *values == *values ? *values : (svk_lanes)0;
  *codes = __builtin_convertvector(
      numbers + __builtin_elementwise_copysign((svk_lanes)0x1.fffffep-2f, numbers), integers);
}

/* The codes of 32 values times `inverse`, and the sums of their halves. */
SVK_INLINE void round_block(const float *values, float inverse, int8_t *codes, int32_t *sums) {
  for (int half = 0; half < 2; half++) {
    svk_lanes numbers;
    integers rounded;
    load_lanes(values + 16 * half, &numbers);
    numbers *= inverse;
    round_lanes(&numbers, &rounded);
    svk_byte_lanes bytes = __builtin_convertvector(rounded, svk_byte_lanes);
    memcpy(codes + 16 * half, &bytes, sizeof bytes);
    sums[half] = __builtin_reduce_add(rounded);
  }
}

enum { TOGETHER = 16 }; /* tokens' blocks whose scales are found side by side: each waits long */

/* From largest magnitudes: scales as Q8_0 keeps them, and what values are multiplied by. */
SVK_INLINE void find_scales(const float *largest, float *scales, float *inverses) {
  for (int i = 0; i < TOGETHER; i++) {
    float scale = largest[i] / 127;
    inverses[i] = scale != 0 ? 1 / scale : 0;
    scales[i] = float_of_f16(f16_of_float(scale));
  }
}

/* Blocks first..<last of all tokens, at most 16 in all; their tile begins at `to`. */
SVK_INLINE void quantize_blocks(const float *x, int64_t ldx, int64_t tokens, int64_t first,
                                int64_t last, uint8_t *to) {
  float largest[TOGETHER] = {0}, scales[TOGETHER], inverses[TOGETHER];
  for (int64_t b = first; b < last; b++) {
    for (int64_t t = 0; t < tokens; t++) {
      largest[(b - first) * tokens + t] = largest_of_32(x + t * ldx + b * SVK_BLOCK);
    }
  }
  find_scales(largest, scales, inverses);
  for (int64_t b = first, i = 0; b < last; b++) {
    uint8_t *block = to + b * SVK_TOKEN_BYTES * tokens;
    for (int64_t t = 0; t < tokens; t++, i++) {
      int8_t codes[SVK_BLOCK];
      int32_t sums[2];
      round_block(x + t * ldx + b * SVK_BLOCK, inverses[i], codes, sums);
      int32_t first = -128 * sums[0], offset = -128 * (sums[0] + sums[1]);
      float sum = scales[i] * (float)(sums[0] + sums[1]);
      memcpy(block + 4 * t, &scales[i], 4);
      memcpy(block + 4 * (tokens + t), &offset, 4);
      memcpy(block + 4 * (10 * tokens + t), &first, 4);
      memcpy(block + 4 * (11 * tokens + t), &sum, 4);
      for (int g = 0; g < SVK_BLOCK / 4; g++) {
        memcpy(block + 4 * ((2 + g) * tokens + t), codes + 4 * g, 4);
      }
    }
  }
}

SVK_INLINE void quantize_tile_body(const float *x, int64_t ldx, int64_t tokens, int64_t first,
                                   int64_t last, void *target) {
  int64_t end = last / SVK_BLOCK, step = TOGETHER / tokens;
  for (int64_t b = first / SVK_BLOCK; b < end; b += step) {
    quantize_blocks(x, ldx, tokens, b, end - b < step ? end : b + step, target);
  }
}
SVK_KERNEL(void, quantize_tile,
           (const float *x, int64_t ldx, int64_t tokens, int64_t first, int64_t last,
            void *target),
           (x, ldx, tokens, first, last, target))

/* One unpacked row of weights times a tile of one token. */
static float integer_dot__portable(const svk_format *format, const int8_t *codes,
                                   const float *scales, const float *mins, rounded_tile x,
                                   int64_t blocks) {
  float total = 0;
  for (int64_t b = 0; b < blocks; b++) {
    total += svk_rounded_block_dot(codes + b * SVK_BLOCK, scales + 2 * b,
                                   format->has_mins ? mins + 2 * b : NULL, x, b, 0);
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
  float *scales = scratch, *mins = scales + 2 * blocks;
  int8_t *codes = (int8_t *)(mins + 2 * blocks);
  for (int64_t r = first; r < last; r++) {
    const uint8_t *row = (const uint8_t *)w.bytes + r * row_bytes;
    w.format->unpack(row, w.columns, codes, scales, mins);
    for (int64_t t = 0; t < tokens; t++) {
      rounded_tile at = rounded_tile_at(x, t, tokens, 1, w.columns);
      y[t * ldy + r] = SVK_PICK(integer_dot)(w.format, codes, scales, mins, at, blocks);
    }
  }
}

void svk_integer_product(svk_weights w, int64_t first, int64_t last, const void *x, int64_t tokens,
                         float *y, int64_t ldy, void *scratch) {
  if (w.arrangement == SVK_ROWS) row_by_row(w, first, last, x, tokens, y, ldy, scratch);
  else svk_strip_product(w, first, last, x, tokens, y, ldy, scratch);
}
