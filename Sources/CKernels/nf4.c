/* NF4 (Dettmers et al., arXiv:2305.14314): blocks of 64 values in 36 bytes: F32 scale, the largest
 * magnitude, then 16 words of two bytes; four bits of each word i, lowest first, are the codes of
 * values i, 16 + i, 32 + i, 48 + i: one word a lane, and all there is to do is to shift. Value =
 * scale point[code]. Encoding as bitsandbytes: the nearest point of value / scale, the lower code
 * where two are as near.
 *
 * Points are no whole numbers, and who quantises so computes with activations of 16 bits: there are
 * no products over rounded ones, but in BF16 few tokens are multiplied from strips, whose blocks
 * are nine words. Fast forms are in x86/nf4.h. */
#include "blocks.h"
#include "strips.h"

enum { LENGTH = 64, BYTES = 36, SCALE_BYTES = 4, LANES = 16, TILE = 6, FEW_TOKENS = 12 };

/* What a sixteenth of a normal distribution each stands for, to 1 at the ends. */
static const float nf4_points[16] = {
    -1.0f,
    -0.6961928009986877f,
    -0.5250730514526367f,
    -0.39491748809814453f,
    -0.28444138169288635f,
    -0.18477343022823334f,
    -0.09105003625154495f,
    0.0f,
    0.07958029955625534f,
    0.16093020141124725f,
    0.24611230194568634f,
    0.33791524171829224f,
    0.44070982933044434f,
    0.5626170039176941f,
    0.7229568362236023f,
    1.0f};

/* The points of 16 words (a constant of each instance, so that it is inlined). */
typedef void (*points_reader)(const uint8_t *words, svk_lanes *values);

SVK_INLINE void points_of(const uint8_t *words, svk_lanes *values) {
  float found[LENGTH];
  for (int i = 0; i < LANES; i++) {
    for (int part = 0; part < 2; part++) {
      uint8_t codes = words[2 * i + part];
      found[2 * part * LANES + i] = nf4_points[codes & 15];
      found[(2 * part + 1) * LANES + i] = nf4_points[codes >> 4];
    }
  }
  memcpy(values, found, sizeof found);
}

SVK_INLINE float scale_of(const uint8_t *block) {
  float scale;
  memcpy(&scale, block, sizeof scale);
  return scale;
}

SVK_INLINE void decode_blocks_of_points(const void *source, int64_t count, float *target,
                                        points_reader points) {
  const uint8_t *block = source;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    svk_lanes values[4];
    points(block + SCALE_BYTES, values);
    for (int j = 0; j < 4; j++) values[j] *= scale_of(block);
    memcpy(target + i, values, sizeof values);
  }
}

/* How far ahead of its place a row is asked for: processors stop at the end of a page. */
enum { AHEAD = 4096 };

/* One row times `tokens` (1...6), each block decoded once for all; its sum takes the scale. */
SVK_INLINE void point_dots(const int64_t tokens, const uint8_t *row, int64_t columns,
                           const float *x, int64_t ldx, float *out, points_reader points) {
  svk_lanes sums[TILE] = {{0}};
  for (int64_t k = 0; k < columns; k += LENGTH, row += BYTES) {
    svk_lanes values[4], v;
    __builtin_prefetch(row + AHEAD);
    points(row + SCALE_BYTES, values);
    for (int64_t t = 0; t < tokens; t++) {
      svk_lanes sum = {0};
      for (int i = 0; i < 4; i++) {
        load_lanes(x + t * ldx + k + 16 * i, &v);
        sum += values[i] * v;
      }
      sums[t] += scale_of(row) * sum;
    }
  }
  for (int64_t t = 0; t < tokens; t++) out[4 * t] = sum_of_lanes(&sums[t]);
}

#define TILE_CASE(n)                                                                               \
  case n: point_dots(n, row, columns, x, ldx, out, points); break;

/* One row times any number of tokens. */
SVK_INLINE void point_tiles(const uint8_t *row, int64_t columns, const float *x, int64_t ldx,
                            int64_t tokens, float *out, points_reader points) {
  for (int64_t count; tokens > 0; tokens -= count, x += count * ldx, out += count * 4) {
    count = tokens < TILE ? tokens : TILE;
    switch (count) {
      TILE_CASE(1) TILE_CASE(2) TILE_CASE(3) TILE_CASE(4) TILE_CASE(5) TILE_CASE(6)
    }
  }
}

/* Decoding and products for one instruction set. */
#define POINT_KERNELS(target, set, points)                                                         \
  target static void decode_nf4__##set(const void *source, int64_t count, float *to) {             \
    decode_blocks_of_points(source, count, to, points);                                            \
  }                                                                                                \
  target static void row_dots_nf4__##set(const uint8_t *rows, int64_t row_bytes,                   \
                                         int64_t row_count, int64_t columns, const float *x,       \
                                         int64_t ldx, int64_t tokens, float *out) {                \
    for (int64_t r = 0; r < row_count; r++, rows += row_bytes, out++) {                            \
      point_tiles(rows, columns, x, ldx, tokens, out, points);                                     \
    }                                                                                              \
  }

POINT_KERNELS(, portable, points_of)
#if SVK_X86
#include "x86/nf4.h"
#endif

static void decode_nf4(const void *source, int64_t count, float *target) {
  SVK_PICK(decode_nf4)(source, count, target);
}

static void row_dots_nf4(const uint8_t *rows, int64_t row_bytes, int64_t row_count,
                         int64_t columns, const float *x, int64_t ldx, int64_t tokens,
                         float *out) {
  SVK_PICK(row_dots_nf4)(rows, row_bytes, row_count, columns, x, ldx, tokens, out);
}

SVK_INLINE uint8_t nearest_point(float value) {
  uint8_t code = 0;
  for (int i = 1; i < 16; i++) code += value > (nf4_points[i - 1] + nf4_points[i]) / 2;
  return code;
}

static void encode_nf4(const float *source, int64_t count, void *target) {
  uint8_t *block = target;
  for (int64_t i = 0; i < count; i += LENGTH, block += BYTES) {
    float scale = fabsf(extreme_of(source + i, LENGTH));
    float inverse = 1 / (scale > 1e-38f ? scale : 1e-38f);
    memcpy(block, &scale, sizeof scale);
    for (int j = 0; j < LENGTH / 2; j++) {
      const float *pair = source + i + j % 2 * 2 * LANES + j / 2;
      uint8_t low = nearest_point(pair[0] * inverse), high = nearest_point(pair[LANES] * inverse);
      block[SCALE_BYTES + j] = (uint8_t)(low | high << 4);
    }
  }
}

static const svk_strip_layout strips_nf4 = {
    .words = BYTES / 4,
#if SVK_X86
    .decode = strip_decode_nf4, .dots = strip_dots_nf4, .dots_bf16 = strip_dots_bf16_nf4,
#endif
};

const svk_format *svk_format_nf4(void) {
  static const svk_format format = {
      .block_length = LENGTH, .block_bytes = BYTES, .decode = decode_nf4, .encode = encode_nf4,
      .row_dots = row_dots_nf4, .few_tokens = FEW_TOKENS,
      .strips = &strips_nf4};
  return &format;
}
