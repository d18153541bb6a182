/* What the generic products need to know of an element format: one table per format, defined in
 * the format's own .c file. A format in blocks needs no more than `decode` and `unpack`: products
 * are made of these where nothing else is there (NULL).
 *
 * `encode`     NULL: it can be read alone.
 * `fit`        encodes with the least error that a search finds, each value's square times its
 *              `importance` (NULL: 1), of which there is one per value.
 * `row_dots`   up to 4 rows times few tokens (product.c) straight from the bytes as they lie:
 *              out[t * 4 + r] = sum_k W[r, k] * x[t * ldx + k].
 * `few_tokens` up to how many tokens that is faster than the engine of gemm.c, with AVX-512; 0: 3.
 * `unpack`     `count` values (whole blocks) as int8 codes, and F32 scales and mins per 16:
 *              value = code * scale - min. Without `has_mins` there are no mins to write.
 * `head_scores`, `head_mix`
 *              attention of a few queries over rows as they lie (head_rows.h). NULL: no cache is in
 *              this format.
 * `strips`     how its blocks stand in strips (strips.h). NULL: they do not.
 * `recode`     encodes with the scales that the target's blocks have already; codes alone change.
 * `cells`      what each value stands for: all numbers between `lower` and `upper` get its code
 *              from `recode`. Bounds are a 256th of the half cell inside: no rounding reaches.
 *              Both NULL: nothing is trained inside its rounding. */
#ifndef SVK_FORMAT_H
#define SVK_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "cpu.h"
#include "kernels.h"

enum {
  SVK_BLOCK = 32,       /* values of a block, of rounded activations and of strips */
  SVK_GROUP = 16,       /* values with one scale and min, as `unpack` gives them */
  SVK_LONGEST_BLOCK = 256,
  SVK_FEW_PLAIN_TOKENS = 32 /* `few_tokens` of formats without blocks, the most there are */
};

typedef struct svk_strip_layout svk_strip_layout;

struct svk_format {
  int64_t block_length;
  int64_t block_bytes;
  void (*decode)(const void *source, int64_t count, float *target);
  void (*encode)(const float *source, int64_t count, void *target);
  void (*fit)(const float *source, const float *importance, int64_t count, void *target);
  void (*row_dots)(const uint8_t *rows, int64_t row_bytes, int64_t row_count, int64_t columns,
                   const float *x, int64_t ldx, int64_t tokens, float *out);
  int64_t few_tokens;
  void (*unpack)(const void *source, int64_t count, int8_t *codes, float *scales, float *mins);
  int has_mins, halves; /* `halves`: 16 values have their own scale and min, not 32 together */
  const svk_strip_layout *strips;
  void (*head_scores)(svk_head keys, const float *q, int64_t ldq, int64_t queries, float scale,
                      float *scores, int64_t lds);
  void (*head_mix)(svk_head values, const float *weights, int64_t ldw, int64_t queries, float *out,
                   int64_t ldo, int accumulate);
  void (*recode)(const float *source, int64_t count, void *target);
  void (*cells)(const void *source, int64_t count, float *lower, float *upper);
  int has_scale; /* whether a block begins with one F16 scale of all its values */
};

/* The part of half a cell that `cells` gives. */
#define SVK_CELL (255.0f / 256)

/* Bytes that `count` values take. */
static inline int64_t svk_bytes_of(const svk_format *format, int64_t count) {
  return count / format->block_length * format->block_bytes;
}

/* Values first..<first+count of a row, whose blocks may begin before and end behind them: decoded
 * into `spare`, which has room for two blocks more. */
static inline const float *svk_decode_part(const svk_format *format, const uint8_t *row,
                                           int64_t first, int64_t count, float *spare) {
  int64_t before = first % format->block_length;
  int64_t blocks = (before + count + format->block_length - 1) / format->block_length;
  format->decode(row + svk_bytes_of(format, first), blocks * format->block_length, spare);
  return spare + before;
}

#endif
