/* Block-quantised weights in strips: 16 rows side by side, so that a vector lane is a row and
 * nothing is ever added across lanes.
 *
 * A strip of n rows (16; the last of a matrix may have fewer) is its scales, F16 [blocks][n], then
 * its codes, [blocks][groups][n][4 bytes], made unsigned: the code that stands for zero is `zero`.
 * These are the bytes of the n rows in another order: a strip is as large as its rows, lies where
 * they lay, and goes back into them bit for bit. */
#ifndef SVK_STRIPS_H
#define SVK_STRIPS_H

#include "format.h"

enum {
  SVK_STRIP = 16,      /* rows side by side */
  SVK_MOST_GROUPS = 8, /* of 4 bytes in a block: a code a byte */
  /* Tokens of a tile: with one strip and with two, as many sums as stay in registers. */
  SVK_LONE_TOKENS = 12,
  SVK_PAIR_TOKENS = 6,
  /* Up to so many tokens strips meet tiles alone: memory is read in order, each byte once for more
   * tokens. Beyond, loads count, and pairs need half of them. */
  SVK_FEW_TOKENS = 48
};

/* How the codes of one block of 32 stand in its bytes after the scale. */
struct svk_strip_layout {
  int groups;    /* of 4 bytes: 8 with a code a byte, 4 with two */
  int halves;    /* codes a byte; the low half holds values 0..<16, the high half 16..<32 */
  uint32_t flip; /* what makes signed codes unsigned */
  int zero;      /* the unsigned code of zero: 128 or 8 */
};

/* Bytes of a block in such groups, its scale before them. */
#define SVK_GROUPED_BYTES(groups) (2 + 4 * (groups))

/* In the file of a format that has a layout: its blocks are a scale and groups, no more than the
 * room there is to unpack one. */
#define SVK_CHECK_LAYOUT(groups, block_bytes)                                                      \
  _Static_assert((groups) <= SVK_MOST_GROUPS && SVK_GROUPED_BYTES(groups) == (block_bytes),        \
                 "a block is no scale and groups of four bytes")

/* One strip of a matrix. */
typedef struct {
  const svk_strip_layout *layout;
  const uint8_t *scales, *codes;
  int64_t rows; /* 1...16 */
} svk_strip;

/* The strip that begins at `row`, a multiple of 16. */
static inline svk_strip svk_strip_at(svk_weights w, int64_t row) {
  int64_t rows = w.rows - row < SVK_STRIP ? w.rows - row : SVK_STRIP;
  const uint8_t *from = (const uint8_t *)w.bytes + row * svk_bytes_of(w.format, w.columns);
  svk_strip strip = {w.format->strips, from, from + w.columns / SVK_BLOCK * rows * 2, rows};
  return strip;
}

/* `count` blocks from `first` as F32: out[i * stride + r] = value i of row r, for 16 rows; the
 * lanes of rows that the strip does not have become zero times something finite or stay unset. */
void svk_strip_decode(svk_strip strip, int64_t first, int64_t count, float *out, int64_t stride);

/* Tokens of a tile where there are `tokens`. */
static inline int64_t svk_strip_tile(int64_t tokens) {
  return tokens > SVK_FEW_TOKENS ? SVK_PAIR_TOKENS : SVK_LONE_TOKENS;
}

/* svk_integer_product over strips; `first` is a multiple of 16. */
void svk_strip_product(svk_weights w, int64_t first, int64_t last, const void *x, int64_t tokens,
                       float *y, int64_t ldy);

#endif
