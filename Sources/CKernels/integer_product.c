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

int64_t svk_tile_tokens(svk_weights w, int64_t tokens) {
  return w.in_strips ? svk_strip_tile(tokens) : 1;
}

typedef int32_t integers __attribute__((ext_vector_type(16)));

/* svk_round_code of sixteen values at once. */
SVK_INLINE void round_lanes(const svk_lanes *values, integers *codes) {
  svk_lanes numbers = *values == *values ? *values : (svk_lanes)0;
  *codes = __builtin_convertvector(
      numbers + __builtin_elementwise_copysign((svk_lanes)0x1.fffffep-2f, numbers), integers);
}

/* The codes of 32 values times `inverse`; returns their sum. */
SVK_INLINE int32_t round_block(const float *values, float inverse, int8_t *codes) {
  svk_lanes low, high;
  load_lanes(values, &low);
  load_lanes(values + 16, &high);
  low *= inverse;
  high *= inverse;
  integers first, second;
  round_lanes(&low, &first);
  round_lanes(&high, &second);
  svk_byte_lanes bytes = __builtin_convertvector(first, svk_byte_lanes);
  memcpy(codes, &bytes, sizeof bytes);
  bytes = __builtin_convertvector(second, svk_byte_lanes);
  memcpy(codes + 16, &bytes, sizeof bytes);
  return __builtin_reduce_add(first + second);
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
      int32_t offset = -128 * round_block(x + t * ldx + b * SVK_BLOCK, inverses[i], codes);
      memcpy(block + 4 * t, &scales[i], 4);
      memcpy(block + 4 * (tokens + t), &offset, 4);
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
