/* Strips: into them and back, their values as F32, and their products with activations rounded to
 * 8 bit. The layout is in strips.h, the fast product in x86/strips.h. */
#include "strips.h"

#include <string.h>

#include "half.h"
#include "opened.h"
#include "square.h"

typedef uint32_t words __attribute__((ext_vector_type(16)));

int svk_has_strips(const svk_format *format) {
  return format->strips != NULL && svk_isa() >= SVK_AVX512VNNI;
}

/* Where word g of block b of row r lies. */
static uint8_t *word_of(svk_strip strip, int64_t b, int64_t g, int64_t r) {
  int64_t place = (b * strip.format->strips->words + g) * strip.rows + r;
  return (uint8_t *)(uintptr_t)strip.words + place * 4;
}

/* Where its two bytes more lie. */
static uint8_t *lone_of(svk_strip strip, int64_t b, int64_t r) {
  return (uint8_t *)(uintptr_t)strip.lone + (b * strip.rows + r) * 2;
}

/* Where words and two bytes more begin in a block as it lies in a row. */
static int words_place(const svk_strip_layout *layout) {
  return layout->lone == SVK_LONE_BEFORE ? 2 : 0;
}
static int lone_place(const svk_strip_layout *layout) {
  return layout->lone == SVK_LONE_BEHIND ? 4 * layout->words : 0;
}

typedef uint32_t four_words __attribute__((ext_vector_type(4)));

SVK_INLINE void four_rows(const uint8_t *from, int64_t step, words *four) {
  four_words a, b, c, d;
  memcpy(&a, from, sizeof a);
  memcpy(&b, from + 4 * step, sizeof b);
  memcpy(&c, from + 8 * step, sizeof c);
  memcpy(&d, from + 12 * step, sizeof d);
  typedef uint32_t eight_words __attribute__((ext_vector_type(8)));
  eight_words low = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
  eight_words high = __builtin_shufflevector(c, d, 0, 1, 2, 3, 4, 5, 6, 7);
  *four = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/* Four groups of 16 rows, `step` bytes apart: with rows 4q + j in quarter q of words[j], squares of
 * four turn within quarters. */
SVK_INLINE void pack_groups(const uint8_t *from, int64_t step, uint32_t flip, uint8_t *to) {
  words rows[4], pairs[4], turned[4];
  for (int j = 0; j < 4; j++) four_rows(from + j * step, step, &rows[j]);
  pairs[0] = SVK_PAIRS(rows[0], rows[1], 0, 1);
  pairs[1] = SVK_PAIRS(rows[0], rows[1], 2, 3);
  pairs[2] = SVK_PAIRS(rows[2], rows[3], 0, 1);
  pairs[3] = SVK_PAIRS(rows[2], rows[3], 2, 3);
  turned[0] = SVK_FOURS(pairs[0], pairs[2], 0, 1);
  turned[1] = SVK_FOURS(pairs[0], pairs[2], 2, 3);
  turned[2] = SVK_FOURS(pairs[1], pairs[3], 0, 1);
  turned[3] = SVK_FOURS(pairs[1], pairs[3], 2, 3);
  for (int g = 0; g < 4; g++) {
    turned[g] ^= flip;
    memcpy(to + 64 * g, &turned[g], sizeof turned[g]);
  }
}

/* A whole strip, block by block; while it is turned, the next strip's rows are asked for. */
SVK_INLINE void pack_strip_body(svk_strip strip, int64_t blocks, const uint8_t *from,
                                int64_t step) {
  const svk_strip_layout *layout = strip.format->strips;
  const int count = layout->words, first = words_place(layout), lone = lone_place(layout);
  for (int64_t b = 0; b < blocks; b++, from += strip.format->block_bytes) {
    uint8_t *halves = lone_of(strip, b, 0), *to = word_of(strip, b, 0, 0);
    for (int r = 0; r < SVK_STRIP; r++) {
      if (layout->lone) memcpy(halves + 2 * r, from + lone + r * step, 2);
      __builtin_prefetch(from + (SVK_STRIP + r) * step);
    }
    int g = 0;
    for (; g + 4 <= count; g += 4, to += 4 * 4 * SVK_STRIP) {
      pack_groups(from + first + 4 * g, step, layout->flip, to);
    }
    for (; g < count; g++) {
      for (int r = 0; r < SVK_STRIP; r++, to += 4) {
        uint32_t word;
        memcpy(&word, from + first + 4 * g + r * step, 4);
        word ^= layout->flip;
        memcpy(to, &word, 4);
      }
    }
  }
}
SVK_VARIANTS(void, pack_strip,
             (svk_strip strip, int64_t blocks, const uint8_t *from, int64_t step),
             (strip, blocks, from, step))

/* One row into its place in a strip. */
static void pack_row(svk_strip strip, int64_t blocks, const uint8_t *from, int64_t r) {
  const svk_strip_layout *layout = strip.format->strips;
  const int first = words_place(layout), lone = lone_place(layout);
  for (int64_t b = 0; b < blocks; b++, from += strip.format->block_bytes) {
    if (layout->lone) memcpy(lone_of(strip, b, r), from + lone, 2);
    for (int g = 0; g < layout->words; g++) {
      uint32_t word;
      memcpy(&word, from + first + 4 * g, 4);
      word ^= layout->flip;
      memcpy(word_of(strip, b, g, r), &word, 4);
    }
  }
}

void svk_pack_strips(svk_weights w, int64_t first, int64_t last, void *target) {
  int64_t row_bytes = svk_bytes_of(w.format, w.columns);
  int64_t blocks = w.columns / w.format->block_length;
  svk_weights packed = {w.format, target, w.rows, w.columns, SVK_STRIPS, 0};
  for (int64_t row = first, done; row < last; row += done) {
    int64_t r = row % SVK_STRIP;
    svk_strip strip = svk_strip_at(packed, row - r);
    const uint8_t *from = (const uint8_t *)w.bytes + row * row_bytes;
    done = r == 0 && last - row >= SVK_STRIP ? SVK_STRIP : 1;
    if (done > 1) SVK_PICK(pack_strip)(strip, blocks, from, row_bytes);
    else pack_row(strip, blocks, from, r);
  }
}

svk_strip svk_pack_piece(svk_weights w, const uint8_t *from, int64_t columns, uint8_t *to) {
  svk_weights piece = {w.format, to, SVK_STRIP, columns, SVK_STRIPS, 0};
  svk_strip strip = svk_strip_at(piece, 0);
  int64_t blocks = columns / w.format->block_length;
  SVK_PICK(pack_strip)(strip, blocks, from, svk_bytes_of(w.format, w.columns));
  return strip;
}

/* Block b of row r of a strip as it lay. */
static void unpack_block(svk_strip strip, int64_t b, int64_t r, uint8_t *block) {
  const svk_strip_layout *layout = strip.format->strips;
  if (layout->lone) memcpy(block + lone_place(layout), lone_of(strip, b, r), 2);
  for (int g = 0; g < layout->words; g++) {
    uint32_t word;
    memcpy(&word, word_of(strip, b, g, r), 4);
    word ^= layout->flip;
    memcpy(block + words_place(layout) + 4 * g, &word, 4);
  }
}

void svk_copy_row(svk_weights w, int64_t row, void *target) {
  int64_t row_bytes = svk_bytes_of(w.format, w.columns);
  if (w.arrangement != SVK_STRIPS) {
    memcpy(target, (const uint8_t *)w.bytes + row * row_bytes, (size_t)row_bytes);
    return;
  }
  svk_strip strip = svk_strip_at(w, row - row % SVK_STRIP);
  for (int64_t b = 0; b < w.columns / w.format->block_length; b++) {
    unpack_block(strip, b, row % SVK_STRIP, (uint8_t *)target + b * w.format->block_bytes);
  }
}

void svk_decode_rows(svk_weights w, int64_t first, int64_t count, float *target) {
  if (w.arrangement != SVK_STRIPS) {
    const uint8_t *from = (const uint8_t *)w.bytes + first * svk_bytes_of(w.format, w.columns);
    w.format->decode(from, count * w.columns, target);
    return;
  }
  const int64_t length = w.format->block_length;
  for (int64_t row = first; row < first + count; row++) {
    svk_strip strip = svk_strip_at(w, row - row % SVK_STRIP);
    for (int64_t b = 0; b < w.columns / length; b++, target += length) {
      uint8_t block[SVK_MOST_BLOCK_BYTES];
      unpack_block(strip, b, row % SVK_STRIP, block);
      w.format->decode(block, length, target);
    }
  }
}

/* Row by row, through blocks as they lay. */
static void strip_decode__portable(svk_strip strip, int64_t first, int64_t count, float *out,
                                   int64_t stride) {
  const int64_t length = strip.format->block_length, parts = length / SVK_BLOCK;
  for (int64_t r = 0; r < strip.rows; r++) {
    for (int64_t part = first; part < first + count; part++) {
      uint8_t block[SVK_MOST_BLOCK_BYTES];
      float values[SVK_LONGEST_BLOCK];
      unpack_block(strip, part / parts, r, block);
      strip.format->decode(block, length, values);
      for (int64_t i = 0; i < SVK_BLOCK; i++) {
        out[((part - first) * SVK_BLOCK + i) * stride + r] = values[part % parts * SVK_BLOCK + i];
      }
    }
  }
}

void svk_strip_decode(svk_strip strip, int64_t first, int64_t count, float *out, int64_t stride) {
  if (svk_has_strips(strip.format) && strip.format->strips->decode) {
    strip.format->strips->decode(strip, first, count, out, stride);
  } else {
    strip_decode__portable(strip, first, count, out, stride);
  }
}

/* One block of a row times that of a token. */
static float block_product(const svk_format *format, const uint8_t *block, rounded_tile x,
                           int64_t b, int64_t t) {
  int8_t codes[SVK_LONGEST_BLOCK];
  float scales[SVK_LONGEST_BLOCK / SVK_GROUP], mins[SVK_LONGEST_BLOCK / SVK_GROUP];
  float total = 0;
  format->unpack(block, format->block_length, codes, scales, mins);
  for (int64_t part = 0; part < format->block_length / SVK_BLOCK; part++) {
    total += svk_rounded_block_dot(codes + part * SVK_BLOCK, scales + 2 * part,
                                   format->has_mins ? mins + 2 * part : NULL, x,
                                   b * (format->block_length / SVK_BLOCK) + part, t);
  }
  return total;
}

/* One strip times a tile, number by number: what the fast one is compared with. */
static void strip_product__portable(svk_strip strip, rounded_tile x, int64_t blocks, float *y,
                                    int64_t ldy) {
  for (int64_t r = 0; r < strip.rows; r++) {
    for (int64_t t = 0; t < x.tokens; t++) y[t * ldy + r] = 0;
    for (int64_t b = 0; b < blocks; b++) {
      uint8_t block[SVK_MOST_BLOCK_BYTES];
      unpack_block(strip, b, r, block);
      for (int64_t t = 0; t < x.tokens; t++) {
        y[t * ldy + r] += block_product(strip.format, block, x, b, t);
      }
    }
  }
}

/* The strips of rows first..<last times a tile, in pairs or each alone. */
static void strips_product(svk_weights w, int64_t first, int64_t last, int pairs, rounded_tile x,
                           float *y, int64_t ldy) {
  if (svk_has_strips(w.format) && w.format->strips->product) {
    w.format->strips->product(w, first, last, pairs, x, y, ldy);
    return;
  }
  for (int64_t row = first; row < last; row += SVK_STRIP) {
    strip_product__portable(svk_strip_at(w, row), x, w.columns / w.format->block_length, y + row,
                            ldy);
  }
}

/* Tiles of tokens meet as many strips as half a second cache holds, so that both stay near; with
 * few tokens, rows come into strips as they are needed. */
enum { NEAR = 512 << 10 };

/* Rows of a part: whole pairs of strips, or one strip. */
static int64_t rows_of_part(svk_weights w, int64_t tokens) {
  int64_t strip_bytes = SVK_STRIP * svk_bytes_of(w.format, w.columns);
  if (w.arrangement == SVK_ROWS_AS_STRIPS) {
    int64_t room = svk_scratch_bytes(w.columns);
    if (tokens <= SVK_FEW_TOKENS || 2 * strip_bytes > room) return SVK_STRIP;
  }
  return strip_bytes <= NEAR / 2 ? NEAR / (2 * strip_bytes) * 2 * SVK_STRIP : 2 * SVK_STRIP;
}

/* Rows first..<last of a part in strips, times all tokens. */
static void multiply_part(svk_weights w, int64_t first, int64_t last, const void *x,
                          int64_t tokens, float *y, int64_t ldy) {
  int64_t width = svk_strip_tile(tokens);
  for (int64_t t = 0; t < tokens; t += width) {
    rounded_tile tile = rounded_tile_at(x, t, tokens, width, w.columns);
    strips_product(w, first, last, width == SVK_PAIR_TOKENS, tile, y + t * ldy, ldy);
  }
}

void svk_strip_product(svk_weights w, int64_t first, int64_t last, const void *x, int64_t tokens,
                       float *y, int64_t ldy, void *scratch) {
  if (svk_opens(w.format, tokens)) {
    int64_t whole = (last < w.rows ? last : w.rows) / SVK_STRIP * SVK_STRIP;
    svk_opened_product(w, first, whole, x, tokens, y, ldy, scratch);
    if (first < whole) first = whole;
  }
  int64_t rows = rows_of_part(w, tokens), row_bytes = svk_bytes_of(w.format, w.columns);
  for (int64_t begin = first; begin < last; begin += rows) {
    int64_t count = last - begin < rows ? last - begin : rows;
    if (w.arrangement == SVK_STRIPS) {
      multiply_part(w, begin, begin + count, x, tokens, y, ldy);
      continue;
    }
    const uint8_t *from = (const uint8_t *)w.bytes + begin * row_bytes;
    svk_weights part = {w.format, from, count, w.columns, SVK_ROWS, 0};
    svk_pack_strips(part, 0, count, scratch);
    part.bytes = scratch;
    part.arrangement = SVK_STRIPS;
    multiply_part(part, 0, count, x, tokens, y + begin, ldy);
  }
}
