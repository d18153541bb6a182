/* What the generic products need to know of an element format: one table per format, defined in the
 * format's own .c file. Of these `unpack` and `strips` may be missing.
 *
 * `row_dots`   up to 4 rows times few tokens (product.c) straight from the bytes as they lie:
 *              out[t * 4 + r] = sum_k W[r, k] * x[t * ldx + k].
 * `unpack`     the integer path: `count` values (a multiple of 32) as int8 codes and one F32 scale
 * per 32,
 *              value = code * scale. NULL: the format takes no integer products.
 * `head_scores`, `head_mix`
 *              attention of a few queries over rows as they lie (head_rows.h).
 * `strips`     how its blocks stand in strips (strips.h). NULL: they cannot.
 * `recode`     encodes with the scales that the target's blocks have already; codes alone change.
 * `cells`      what each value stands for: all numbers between `lower` and `upper` get its code
 *              from `recode`. Bounds are a 256th of the half cell inside: no rounding reaches. */
#ifndef SVK_FORMAT_H
#define SVK_FORMAT_H

#include <stdint.h>

#include "cpu.h"
#include "kernels.h"

enum { SVK_BLOCK = 32 }; /* values of a block, in formats that unpack and stand in strips */

typedef struct svk_strip_layout svk_strip_layout;

struct svk_format {
  int64_t block_length;
  int64_t block_bytes;
  void (*decode)(const void *source, int64_t count, float *target);
  void (*encode)(const float *source, int64_t count, void *target);
  void (*row_dots)(const uint8_t *rows, int64_t row_bytes, int64_t row_count, int64_t columns,
                   const float *x, int64_t ldx, int64_t tokens, float *out);
  void (*unpack)(const void *source, int64_t count, int8_t *codes, float *scales);
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

#endif
