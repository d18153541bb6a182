/* Attention of a few queries over the rows of one head, straight from the bytes as they lie: a
 * cached row is read and decoded once for all queries that share it (a group of heads). Its sums
 * have the same order whatever rows and queries stand beside it, and in any format the bits that
 * the decoded values give in F32. */
#ifndef SVK_HEAD_ROWS_H
#define SVK_HEAD_ROWS_H

#include "format.h"
#include "lanes.h"

/* Values k...k+15 of a row (k a multiple of 16), and value k: constants of each instance, so that
 * they are inlined. Formats in blocks have whole lanes only, and no `value`. */
typedef void (*head_lanes)(const uint8_t *row, int64_t k, svk_lanes *values);
typedef float (*head_value)(const uint8_t *row, int64_t k);

enum {
  SVK_HEAD_QUERIES = 4, /* of a tile */
  SVK_HEAD_AHEAD = 24   /* rows from now: asked for early, because a head is a part of each row */
};

/* Asks for `bytes` of the row that comes SVK_HEAD_AHEAD rows later. Other heads lie between, so the
 * processor does not guess it: 1.2 to 1.5 times faster from memory. */
SVK_INLINE void ask_head_ahead(const uint8_t *row, int64_t row_bytes, const int64_t bytes) {
  for (int64_t b = 0; b < bytes; b += 64) {
    __builtin_prefetch(row + SVK_HEAD_AHEAD * row_bytes + b);
  }
}

/* Four rows, or one, times `queries` (at most 4): all sums stay in registers. */
SVK_INLINE void head_scores_tile(const int64_t rows, const int64_t queries, const uint8_t *from,
                                 int64_t row_bytes, int64_t width, const float *q, int64_t ldq,
                                 float scale, float *scores, int64_t lds, const int64_t lane_bytes,
                                 head_lanes lanes, head_value value) {
  svk_lanes sums[SVK_HEAD_QUERIES][4] = {{{0}}};
  float tails[SVK_HEAD_QUERIES][4] = {{0}};
  int64_t k = 0;
  for (; k + 16 <= width; k += 16) {
    svk_lanes w[4], x;
    for (int64_t r = 0; r < rows; r++) {
      ask_head_ahead(from + r * row_bytes + k / 16 * lane_bytes, row_bytes, lane_bytes);
      lanes(from + r * row_bytes, k, &w[r]);
    }
    for (int64_t t = 0; t < queries; t++) {
      load_lanes(q + t * ldq + k, &x);
      for (int64_t r = 0; r < rows; r++) sums[t][r] += x * w[r];
    }
  }
  for (; value && k < width; k++) {
    for (int64_t r = 0; r < rows; r++) {
      float w = value(from + r * row_bytes, k);
      for (int64_t t = 0; t < queries; t++) tails[t][r] += q[t * ldq + k] * w;
    }
  }
  svk_four_lanes four;
  if (rows == 4) {
    for (int64_t t = 0; t < queries; t++) {
      svk_four_lanes tail;
      memcpy(&tail, tails[t], sizeof tail);
      four_sums_of_lanes(&sums[t][0], &sums[t][1], &sums[t][2], &sums[t][3], &four);
      four = scale * (four + tail);
      memcpy(scores + t * lds, &four, sizeof four);
    }
    return;
  }
  four_sums_of_lanes(&sums[0][0], &sums[1][0], &sums[2][0], &sums[3][0], &four);
  for (int64_t t = 0; t < queries; t++) scores[t * lds] = scale * (four[t] + tails[t][0]);
}

SVK_INLINE void head_scores_rows(const int64_t rows, const int64_t queries, svk_head keys,
                                 const float *q, int64_t ldq, float scale, float *scores,
                                 int64_t lds, const int64_t lane_bytes, head_lanes lanes,
                                 head_value value) {
  const uint8_t *from = keys.bytes;
  int64_t j = 0;
  for (; j + rows <= keys.rows; j += rows) {
    head_scores_tile(rows, queries, from + j * keys.row_bytes, keys.row_bytes, keys.width, q, ldq,
                     scale, scores + j, lds, lane_bytes, lanes, value);
  }
  for (; j < keys.rows; j++) {
    head_scores_tile(1, queries, from + j * keys.row_bytes, keys.row_bytes, keys.width, q, ldq,
                     scale, scores + j, lds, lane_bytes, lanes, value);
  }
}

/* 16 * `vectors` outputs of each query stay in registers over all rows. */
SVK_INLINE void head_mix_columns(const int64_t vectors, const int64_t queries, svk_head values,
                                 int64_t k, const float *weights, int64_t ldw, float *out,
                                 int64_t ldo, int accumulate, const int64_t lane_bytes,
                                 head_lanes lanes) {
  svk_lanes sums[SVK_HEAD_QUERIES][4] = {{{0}}};
  for (int64_t t = 0; accumulate && t < queries; t++) {
    for (int64_t v = 0; v < vectors; v++) load_lanes(out + t * ldo + k + 16 * v, &sums[t][v]);
  }
  const uint8_t *row = values.bytes;
  for (int64_t j = 0; j < values.rows; j++, row += values.row_bytes) {
    svk_lanes x[4];
    ask_head_ahead(row + k / 16 * lane_bytes, values.row_bytes, vectors * lane_bytes);
    for (int64_t v = 0; v < vectors; v++) lanes(row, k + 16 * v, &x[v]);
    for (int64_t t = 0; t < queries; t++) {
      for (int64_t v = 0; v < vectors; v++) sums[t][v] += weights[t * ldw + j] * x[v];
    }
  }
  for (int64_t t = 0; t < queries; t++) {
    for (int64_t v = 0; v < vectors; v++) {
      memcpy(out + t * ldo + k + 16 * v, &sums[t][v], sizeof sums[t][v]);
    }
  }
}

SVK_INLINE void head_mix_rows(const int64_t vectors, const int64_t queries, svk_head values,
                              const float *weights, int64_t ldw, float *out, int64_t ldo,
                              int accumulate, const int64_t lane_bytes, head_lanes lanes,
                              head_value value) {
  int64_t k = 0;
  for (; k + 16 * vectors <= values.width; k += 16 * vectors) {
    head_mix_columns(vectors, queries, values, k, weights, ldw, out, ldo, accumulate, lane_bytes,
                     lanes);
  }
  for (; vectors > 1 && k + 16 <= values.width; k += 16) {
    head_mix_columns(1, queries, values, k, weights, ldw, out, ldo, accumulate, lane_bytes, lanes);
  }
  for (; value && k < values.width; k++) {
    for (int64_t t = 0; t < queries; t++) {
      float sum = accumulate ? out[t * ldo + k] : 0;
      for (int64_t j = 0; j < values.rows; j++) {
        const uint8_t *row = (const uint8_t *)values.bytes + j * values.row_bytes;
        sum += weights[t * ldw + j] * value(row, k);
      }
      out[t * ldo + k] = sum;
    }
  }
}

/* Tiles as even as they come: five queries are 3 + 2. */
SVK_INLINE int64_t head_tile(int64_t queries) {
  if (queries <= SVK_HEAD_QUERIES) return queries;
  return queries < 2 * SVK_HEAD_QUERIES ? (queries + 1) / 2 : SVK_HEAD_QUERIES;
}

#define SVK_FOR_QUERIES(count, call)                                                               \
  switch (count) {                                                                                 \
    case 1: call(1); break;                                                                        \
    case 2: call(2); break;                                                                        \
    case 3: call(3); break;                                                                        \
    default: call(4);                                                                              \
  }

#define SVK_SCORES_CALL(n)                                                                         \
  head_scores_rows(rows_at_once, n, keys, q, ldq, scale, scores, lds, lane_bytes, lanes,  \
                   value)
#define SVK_MIX_CALL(n)                                                                            \
  head_mix_rows(vectors_at_once, n, values, weights, ldw, out, ldo, accumulate, lane_bytes,   \
                lanes, value)

SVK_INLINE void head_scores(const int64_t rows_at_once, svk_head keys, const float *q, int64_t ldq,
                            int64_t queries, float scale, float *scores, int64_t lds,
                            const int64_t lane_bytes, head_lanes lanes, head_value value) {
  for (int64_t n; queries > 0; queries -= n, q += n * ldq, scores += n * lds) {
    n = head_tile(queries);
    SVK_FOR_QUERIES(n, SVK_SCORES_CALL)
  }
}

SVK_INLINE void head_mix(const int64_t vectors_at_once, svk_head values, const float *weights,
                         int64_t ldw, int64_t queries, float *out, int64_t ldo, int accumulate,
                         const int64_t lane_bytes, head_lanes lanes, head_value value) {
  for (int64_t n; queries > 0; queries -= n, weights += n * ldw, out += n * ldo) {
    n = head_tile(queries);
    SVK_FOR_QUERIES(n, SVK_MIX_CALL)
  }
}

#undef SVK_SCORES_CALL
#undef SVK_MIX_CALL
#undef SVK_FOR_QUERIES

#define SVK_SCORES_PARAMETERS                                                                      \
  (svk_head keys, const float *q, int64_t ldq, int64_t queries, float scale, float *scores,        \
   int64_t lds)
#define SVK_MIX_PARAMETERS                                                                         \
  (svk_head values, const float *weights, int64_t ldw, int64_t queries, float *out, int64_t ldo,   \
   int accumulate)

/* A format's kernels for one instruction set: how many rows its registers score at once, how many
 * vectors of outputs they hold, and the bytes of 16 values (of a half block). */
#define SVK_HEAD_ROWS_OF(target, format, isa, rows, vectors, bytes, lanes, value)                  \
  target static void head_scores_##format##__##isa SVK_SCORES_PARAMETERS {                         \
    head_scores(rows, keys, q, ldq, queries, scale, scores, lds, bytes, lanes, value);             \
  }                                                                                                \
  target static void head_mix_##format##__##isa SVK_MIX_PARAMETERS {                               \
    head_mix(vectors, values, weights, ldw, queries, out, ldo, accumulate, bytes, lanes, value);   \
  }

#define SVK_HEAD_ROWS_ENTRIES(format)                                                              \
  static void head_scores_##format SVK_SCORES_PARAMETERS {                                         \
    SVK_PICK(head_scores_##format)(keys, q, ldq, queries, scale, scores, lds);                     \
  }                                                                                                \
  static void head_mix_##format SVK_MIX_PARAMETERS {                                               \
    SVK_PICK(head_mix_##format)(values, weights, ldw, queries, out, ldo, accumulate);              \
  }

/* Portable, AVX2 and AVX-512 kernels, each with an accessor of its own. */
#if SVK_X86
#define SVK_HEAD_ROWS(format, bytes, slow_lanes, lanes, wide_lanes, value)                         \
  SVK_HEAD_ROWS_OF(, format, portable, 1, 1, bytes, slow_lanes, value)                             \
  SVK_HEAD_ROWS_OF(SVK_TARGET_AVX2, format, avx2, 1, 1, bytes, lanes, value)                       \
  SVK_HEAD_ROWS_OF(SVK_TARGET_AVX512, format, avx512, 4, 4, bytes, wide_lanes, value)              \
  SVK_HEAD_ROWS_ENTRIES(format)
#else
#define SVK_HEAD_ROWS(format, bytes, slow_lanes, lanes, wide_lanes, value)                         \
  SVK_HEAD_ROWS_OF(, format, portable, 1, 1, bytes, slow_lanes, value)                             \
  SVK_HEAD_ROWS_ENTRIES(format)
#endif

/* The same for blocks that begin with one F16 scale: `codes` gives 16 codes of a row as floats,
 * `scale` a block's scale where the processor has no conversion of its own. */
#define SVK_SCALED_LANES(target, name, spread, length, bytes, codes)                               \
  target SVK_INLINE void name(const uint8_t *row, int64_t k, svk_lanes *values) {                  \
    svk_lanes scale;                                                                               \
    spread(row + k / length * bytes, &scale);                                                      \
    codes(row, k, values);                                                                         \
    *values *= scale;                                                                              \
  }
#define SVK_SLOW_SCALED_LANES(length, bytes, scale, codes)                                         \
  SVK_INLINE void scaled_lanes_of(const uint8_t *row, int64_t k, svk_lanes *values) {              \
    codes(row, k, values);                                                                         \
    *values *= scale(row + k / length * bytes);                                                    \
  }

#if SVK_X86
#include "x86/half.h"

#define SVK_SCALED_HEAD_ROWS(format, length, bytes, scale, codes)                                  \
  SVK_SLOW_SCALED_LANES(length, bytes, scale, codes)                                               \
  SVK_SCALED_LANES(SVK_TARGET_AVX2, quick_scaled_lanes_of, spread_f16, length, bytes, codes)       \
  SVK_SCALED_LANES(SVK_TARGET_AVX512, wide_scaled_lanes_of, wide_spread_f16, length, bytes, codes) \
  SVK_HEAD_ROWS(format, (bytes) / 2, scaled_lanes_of, quick_scaled_lanes_of,                       \
                wide_scaled_lanes_of, NULL)
#else
#define SVK_SCALED_HEAD_ROWS(format, length, bytes, scale, codes)                                  \
  SVK_SLOW_SCALED_LANES(length, bytes, scale, codes)                                               \
  SVK_HEAD_ROWS(format, (bytes) / 2, scaled_lanes_of, NULL, NULL, NULL)
#endif

#endif
