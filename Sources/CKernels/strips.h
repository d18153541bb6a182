/* Block-quantised weights in strips: 16 rows side by side, so that a vector lane is a row and
 * nothing is ever added across lanes.
 *
 * Blocks are words of four bytes, and in some formats two bytes more, before them or behind. A
 * strip of n rows (16; the last of a matrix may have fewer) is those two bytes, [blocks][n], then
 * the words, [blocks][words][n]; words of signed codes have every sign turned. These are the bytes
 * of the n rows in another order: a strip is as large as its rows, lies where they lay, and goes
 * back into them bit for bit. */
#ifndef SVK_STRIPS_H
#define SVK_STRIPS_H

#include "format.h"
#include "integer_product.h"

enum {
  SVK_STRIP = 16, /* rows side by side */
  /* Tokens of a tile: with one strip and with two, as many sums as stay in registers. */
  SVK_LONE_TOKENS = 12,
  SVK_PAIR_TOKENS = 6,
  /* Up to so many tokens strips meet tiles alone: memory is read in order, each byte once for more
   * tokens. Beyond, loads count, and pairs need half of them. */
  SVK_FEW_TOKENS = 48,
  SVK_MOST_BLOCK_BYTES = 256
};

/* One strip of a matrix. */
typedef struct {
  const svk_format *format;
  const uint8_t *lone, *words;
  int64_t rows; /* 1...16 */
} svk_strip;

/* How the blocks of a format stand in strips, and what is fast over them. */
struct svk_strip_layout {
  int words;       /* of a block */
  int lone;        /* where its two bytes more are: SVK_LONE_… */
  uint32_t flip;   /* what makes signed codes unsigned */
  /* For AVX-512 VNNI (x86/strips.h). Rows first..<last, in pairs of strips or each alone, times a
   * tile; svk_strip_decode; and into what opened.h describes, for a whole strip (NULL: its codes
   * are read as fast where they are). */
  void (*product)(svk_weights w, int64_t first, int64_t last, int pairs, rounded_tile x, float *y,
                  int64_t ldy);
  void (*decode)(svk_strip strip, int64_t first, int64_t count, float *out, int64_t stride);
  void (*open)(svk_strip strip, int64_t first, int64_t count, uint8_t *to);
  /* One strip of `blocks` times few tokens (format.h) that are not rounded to 8 bit, or are codes
   * of BF16: out[t * 16 + r]. Both, or NULL: the engine of gemm.c multiplies any number. */
  void (*dots)(svk_strip strip, const float *x, int64_t ldx, int64_t blocks, int64_t tokens,
               float *out);
  void (*dots_bf16)(svk_strip strip, const uint16_t *x, int64_t ldx, int64_t blocks,
                    int64_t tokens, float *out);
};
enum { SVK_LONE_NONE, SVK_LONE_BEFORE, SVK_LONE_BEHIND };

/* The strip that begins at `row`, a multiple of 16. */
static inline svk_strip svk_strip_at(svk_weights w, int64_t row) {
  int64_t rows = w.rows - row < SVK_STRIP ? w.rows - row : SVK_STRIP;
  const uint8_t *from = (const uint8_t *)w.bytes + row * svk_bytes_of(w.format, w.columns);
  int64_t lone = w.format->strips->lone == SVK_LONE_NONE ? 0 : 2;
  svk_strip strip = {w.format, from, from + w.columns / w.format->block_length * rows * lone, rows};
  return strip;
}

/* `count` times 32 values from the `first` 32 on as F32: out[i * stride + r] = value i of row r,
 * for 16 rows; the lanes of rows that the strip does not have become finite or stay unset. */
void svk_strip_decode(svk_strip strip, int64_t first, int64_t count, float *out, int64_t stride);

/* The strip of 16 rows that begin at `from`, `columns` of them (whole blocks), in `to`. */
svk_strip svk_pack_piece(svk_weights w, const uint8_t *from, int64_t columns, uint8_t *to);

/* Tokens of a tile where there are `tokens`. */
static inline int64_t svk_strip_tile(int64_t tokens) {
  return tokens > SVK_FEW_TOKENS ? SVK_PAIR_TOKENS : SVK_LONE_TOKENS;
}

/* svk_integer_product over strips, or over rows that come into strips in `scratch`; `first` is a
 * multiple of 16. */
void svk_strip_product(svk_weights w, int64_t first, int64_t last, const void *x, int64_t tokens,
                       float *y, int64_t ldy, void *scratch);

/* In the file of a format: its layout as STRIPS, with what x86/strips.h makes of the readers
 * `name`_…. It opens where a code takes more than a shift to read: there that is measured to be
 * worth it. */
#if SVK_X86
#define SVK_STRIP_LAYOUT(name, words, lone, flip, opens)                                           \
  static const svk_strip_layout strips_##name = {words, lone, flip, strips_product_##name,         \
                                                 strip_decode_##name,                              \
                                                 opens ? strip_open_##name : NULL, NULL, NULL};
#else
#define SVK_STRIP_LAYOUT(name, words, lone, flip, opens)                                           \
  static const svk_strip_layout strips_##name = {words, lone, flip, NULL, NULL, NULL, NULL, NULL};
#endif

#endif
