/* Products of a stored matrix in any element format: y = x W^T, dx = g W, and plain F32 C = A B.
 *
 * Many tokens: the engine of gemm.c, W decoded panel by panel. Few: dots over the rows as they lie,
 * because a packed panel would only be written and read again. Either may be in BF16 (gemm.h), so
 * that a token is rounded alike with and without others. */
#include <string.h>

#include "gemm.h"
#include "opened.h"
#include "strips.h"

enum { FEW_TOKENS = 3, ROW_GROUP = 4 };

/* Up to how many tokens dots are faster. */
static int64_t few_tokens(const svk_format *format) {
  return format->few_tokens && svk_isa() >= SVK_AVX512 ? format->few_tokens : FEW_TOKENS;
}

/* Up to 4 rows times few tokens for formats without dots of their own, decoded block by block. */
static void decoded_dots(svk_weights w, const uint8_t *rows, int64_t count, const float *x,
                         int64_t ldx, int64_t tokens, float *out) {
  int64_t row_bytes = svk_bytes_of(w.format, w.columns);
  for (int64_t r = 0; r < count; r++, rows += row_bytes) {
    float sums[FEW_TOKENS] = {0};
    for (int64_t k = 0; k < w.columns; k += SVK_LONGEST_BLOCK) {
      float values[SVK_LONGEST_BLOCK];
      int64_t length = w.columns - k < SVK_LONGEST_BLOCK ? w.columns - k : SVK_LONGEST_BLOCK;
      w.format->decode(rows + svk_bytes_of(w.format, k), length, values);
      for (int64_t t = 0; t < tokens; t++) sums[t] += svk_dot(values, x + t * ldx + k, length);
    }
    for (int64_t t = 0; t < tokens; t++) out[t * ROW_GROUP + r] = sums[t];
  }
}

/* Up to 4 rows times few tokens, as format.h has it, or in BF16 where there are `codes`: those of
 * the tokens, [tokens, columns] dense. */
static void row_dots(svk_weights w, const uint8_t *rows, int64_t count, const float *x,
                     int64_t ldx, int64_t tokens, const uint16_t *codes, float *out) {
  int64_t row_bytes = svk_bytes_of(w.format, w.columns);
  (void)codes;
#if SVK_X86
  if (codes) {
    svk_dots_bf16(rows, row_bytes, count, w.columns, codes, w.columns, tokens, out);
    return;
  }
#endif
  if (w.format->row_dots) {
    w.format->row_dots(rows, row_bytes, count, w.columns, x, ldx, tokens, out);
  } else {
    decoded_dots(w, rows, count, x, ldx, tokens, out);
  }
}

/* Tokens as codes of BF16, [tokens, columns]. */
static void round_tokens(svk_weights w, const float *x, int64_t ldx, int64_t tokens,
                         uint16_t *codes) {
  for (int64_t t = 0; t < tokens; t++) {
    svk_format_bf16()->encode(x + t * ldx, w.columns, codes + t * w.columns);
  }
}

/* y[t * ldy + r] (+)= alpha out[t * stride + r]. */
static void put_dots(const float *out, int64_t stride, int64_t count, int64_t tokens, float *y,
                     int64_t ldy, svk_update update) {
  for (int64_t t = 0; t < tokens; t++) {
    for (int64_t r = 0; r < count; r++) {
      float *place = y + t * ldy + r;
      *place = (update.accumulate ? *place : 0) + update.alpha * out[t * stride + r];
    }
  }
}

/* svk_product of few tokens: dots, four rows at a time. */
static void dots_product(svk_weights w, int64_t first, int64_t last, const float *x, int64_t ldx,
                         int64_t tokens, float *y, int64_t ldy, svk_update update,
                         uint16_t *scratch) {
  int64_t row_bytes = svk_bytes_of(w.format, w.columns);
  const uint8_t *row = (const uint8_t *)w.bytes + first * row_bytes;
  int in_bf16 = svk_multiplies_bf16(w) && w.format == svk_format_bf16();
  if (in_bf16) round_tokens(w, x, ldx, tokens, scratch);
  for (int64_t r = first; r < last; r += ROW_GROUP, row += ROW_GROUP * row_bytes) {
    int64_t count = last - r < ROW_GROUP ? last - r : ROW_GROUP;
    float out[SVK_FEW_PLAIN_TOKENS * ROW_GROUP];
    row_dots(w, row, count, x, ldx, tokens, in_bf16 ? scratch : NULL, out);
    put_dots(out, ROW_GROUP, count, tokens, y + r, ldy, update);
  }
}

/* Whether few tokens are multiplied from strips. */
static int has_strip_dots(svk_weights w) {
  return w.arrangement != SVK_ROWS && svk_has_strips(w.format) && w.format->strips->dots;
}

/* svk_product of few tokens and strips, or rows that come into them one strip at a time. */
static void strip_dots_product(svk_weights w, int64_t first, int64_t last, const float *x,
                               int64_t ldx, int64_t tokens, float *y, int64_t ldy,
                               svk_update update, uint16_t *codes) {
  const svk_strip_layout *layout = w.format->strips;
  int64_t row_bytes = svk_bytes_of(w.format, w.columns);
  int64_t blocks = w.columns / w.format->block_length;
  int in_bf16 = svk_multiplies_bf16(w);
  if (in_bf16) round_tokens(w, x, ldx, tokens, codes);
  for (int64_t r = first; r < last; r += SVK_STRIP) {
    int64_t count = last - r < SVK_STRIP ? last - r : SVK_STRIP;
    const uint8_t *from = (const uint8_t *)w.bytes + r * row_bytes;
    svk_weights piece = {w.format, from, count, w.columns, SVK_ROWS, 0};
    svk_strip strip = svk_strip_at(w, r);
    if (w.arrangement == SVK_ROWS_AS_STRIPS) {
      void *room = codes + SVK_FEW_PLAIN_TOKENS / 2 * w.columns;
      svk_pack_strips(piece, 0, count, room);
      piece.bytes = room;
      strip = svk_strip_at(piece, 0);
    }
    float out[SVK_FEW_PLAIN_TOKENS * SVK_STRIP];
    if (in_bf16) layout->dots_bf16(strip, codes, w.columns, blocks, tokens, out);
    else layout->dots(strip, x, ldx, blocks, tokens, out);
    put_dots(out, SVK_STRIP, count, tokens, y + r, ldy, update);
  }
}

/* Whether so many tokens are multiplied by dots, and not by the engine. */
static int takes_dots(svk_weights w, int64_t tokens) {
  return tokens <= few_tokens(w.format) && (w.arrangement == SVK_ROWS || has_strip_dots(w));
}

int64_t svk_tiled_from(svk_weights w) {
  if (!svk_multiplies_bf16(w)) return 0;
  return takes_dots(w, 1) ? few_tokens(w.format) + 1 : 1;
}

void svk_product(svk_weights w, int64_t first, int64_t last, svk_matrix x, int64_t tokens,
                 float *y, int64_t ldy, svk_update update, void *scratch) {
  if (!takes_dots(w, tokens)) {
    svk_panel_source b = {w, first, 0};
    svk_gemm(tokens, last - first, w.columns, x, b, y + first, ldy, update, scratch);
  } else if (w.arrangement == SVK_ROWS) {
    dots_product(w, first, last, x.a, x.row_stride, tokens, y, ldy, update, scratch);
  } else {
    strip_dots_product(w, first, last, x.a, x.row_stride, tokens, y, ldy, update, scratch);
  }
}

void svk_transposed_product(svk_weights w, int64_t first, int64_t last, const float *g,
                            int64_t ldg, int64_t tokens, float *dx, int64_t lddx,
                            svk_update update, void *scratch) {
  svk_matrix a = {g, ldg, 1, 0};
  svk_panel_source b = {w, first, 1};
  svk_gemm(tokens, last - first, w.rows, a, b, dx + first, lddx, update, scratch);
}

void svk_gemm_f32(int64_t m, int64_t n, int64_t k, svk_matrix a, svk_matrix b, float *c,
                  int64_t ldc, svk_update update, int rounds, void *scratch) {
  int across = b.column_stride == 1;
  int64_t stride = across ? b.row_stride : b.column_stride;
  svk_weights w = {svk_format_f32(), b.a, across ? k : n, stride, SVK_ROWS, rounds};
  svk_panel_source source = {w, 0, across};
  svk_gemm(m, n, k, a, source, c, ldc, update, scratch);
}

int64_t svk_scratch_bytes(int64_t inner) {
  /* Integer products: a panel of 16 rows and one more unpacked. Few tokens as BF16: their codes. */
  int64_t engine = svk_gemm_scratch_bytes() + 24 * inner;
  int64_t codes = SVK_FEW_PLAIN_TOKENS * inner * (int64_t)sizeof(uint16_t);
  int64_t opened = svk_opened_scratch_bytes(), most = engine > codes ? engine : codes;
  return (most > opened ? most : opened) + 4096;
}
