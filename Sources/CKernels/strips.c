/* Strips: into them and back, their values as F32, and their products with activations rounded to
 * 8 bit. The layout is in strips.h, the fast product in x86/strips.h. */
#include "strips.h"

#include <string.h>

#include "half.h"
#include "integer_product.h"
#include "square.h"

typedef uint32_t words __attribute__((ext_vector_type(16)));
typedef int32_t integers __attribute__((ext_vector_type(16)));

int svk_has_strips(const svk_format *format) {
  return format->strips != NULL && svk_isa() >= SVK_AVX512VNNI;
}

/* Where group g of block b of row r lies. */
static uint8_t *group_at(svk_strip strip, int64_t b, int64_t g, int64_t r) {
  int64_t place = (b * strip.layout->groups + g) * strip.rows + r;
  return (uint8_t *)(uintptr_t)strip.codes + place * 4;
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
  const int groups = strip.layout->groups, bytes = SVK_GROUPED_BYTES(groups);
  const uint32_t flip = strip.layout->flip;
  uint8_t *scales = (uint8_t *)(uintptr_t)strip.scales, *codes = group_at(strip, 0, 0, 0);
  for (int64_t b = 0; b < blocks; b++, from += bytes) {
    for (int r = 0; r < SVK_STRIP; r++, scales += 2) {
      memcpy(scales, from + r * step, 2);
      __builtin_prefetch(from + (SVK_STRIP + r) * step);
    }
    for (int g = 0; g < groups; g += 4, codes += 4 * 4 * SVK_STRIP) {
      pack_groups(from + 2 + 4 * g, step, flip, codes);
    }
  }
}
SVK_VARIANTS(void, pack_strip,
             (svk_strip strip, int64_t blocks, const uint8_t *from, int64_t step),
             (strip, blocks, from, step))

/* One row into its place in a strip. */
static void pack_row(svk_strip strip, int64_t blocks, const uint8_t *from, int64_t r) {
  for (int64_t b = 0; b < blocks; b++, from += SVK_GROUPED_BYTES(strip.layout->groups)) {
    memcpy((uint8_t *)(uintptr_t)strip.scales + (b * strip.rows + r) * 2, from, 2);
    for (int g = 0; g < strip.layout->groups; g++) {
      uint32_t four;
      memcpy(&four, from + 2 + 4 * g, 4);
      four ^= strip.layout->flip;
      memcpy(group_at(strip, b, g, r), &four, 4);
    }
  }
}

void svk_pack_strips(svk_weights w, int64_t first, int64_t last, void *target) {
  int64_t row_bytes = svk_bytes_of(w.format, w.columns), blocks = w.columns / SVK_BLOCK;
  svk_weights packed = {w.format, target, w.rows, w.columns, 1, 0};
  for (int64_t row = first, done; row < last; row += done) {
    int64_t r = row % SVK_STRIP;
    svk_strip strip = svk_strip_at(packed, row - r);
    const uint8_t *from = (const uint8_t *)w.bytes + row * row_bytes;
    done = r == 0 && last - row >= SVK_STRIP ? SVK_STRIP : 1;
    if (done > 1) SVK_PICK(pack_strip)(strip, blocks, from, row_bytes);
    else pack_row(strip, blocks, from, r);
  }
}

/* Block b of row r of a strip as it lay. */
static void unpack_block(svk_strip strip, int64_t b, int64_t r, uint8_t *block) {
  memcpy(block, strip.scales + (b * strip.rows + r) * 2, 2);
  for (int g = 0; g < strip.layout->groups; g++) {
    uint32_t four;
    memcpy(&four, group_at(strip, b, g, r), 4);
    four ^= strip.layout->flip;
    memcpy(block + 2 + 4 * g, &four, 4);
  }
}

void svk_copy_row(svk_weights w, int64_t row, void *target) {
  int64_t row_bytes = svk_bytes_of(w.format, w.columns);
  if (!w.in_strips) {
    memcpy(target, (const uint8_t *)w.bytes + row * row_bytes, (size_t)row_bytes);
    return;
  }
  svk_strip strip = svk_strip_at(w, row - row % SVK_STRIP);
  for (int64_t b = 0; b < w.columns / SVK_BLOCK; b++) {
    unpack_block(strip, b, row % SVK_STRIP, (uint8_t *)target + b * w.format->block_bytes);
  }
}

void svk_decode_rows(svk_weights w, int64_t first, int64_t count, float *target) {
  if (!w.in_strips) {
    const uint8_t *from = (const uint8_t *)w.bytes + first * svk_bytes_of(w.format, w.columns);
    w.format->decode(from, count * w.columns, target);
    return;
  }
  for (int64_t row = first; row < first + count; row++) {
    svk_strip strip = svk_strip_at(w, row - row % SVK_STRIP);
    for (int64_t b = 0; b < w.columns / SVK_BLOCK; b++, target += SVK_BLOCK) {
      uint8_t block[SVK_GROUPED_BYTES(SVK_MOST_GROUPS)];
      unpack_block(strip, b, row % SVK_STRIP, block);
      w.format->decode(block, SVK_BLOCK, target);
    }
  }
}

SVK_INLINE void scales_of(svk_strip strip, int64_t b, svk_lanes *scales) {
  uint16_t codes[SVK_STRIP] = {0};
  memcpy(codes, strip.scales + b * strip.rows * 2, (size_t)strip.rows * 2);
  float values[SVK_STRIP];
  for (int r = 0; r < SVK_STRIP; r++) values[r] = float_of_f16(codes[r]);
  load_lanes(values, scales);
}

SVK_INLINE void group_of(svk_strip strip, int64_t b, int64_t g, words *group) {
  const uint8_t *from = strip.codes + (b * strip.layout->groups + g) * strip.rows * 4;
  if (strip.rows == SVK_STRIP) {
    memcpy(group, from, 64);
    return;
  }
  uint32_t few[SVK_STRIP] = {0};
  memcpy(few, from, (size_t)strip.rows * 4);
  memcpy(group, few, 64);
}

SVK_INLINE void strip_decode_body(svk_strip strip, int64_t first, int64_t count, float *out,
                                  int64_t stride) {
  const svk_strip_layout *layout = strip.layout;
  uint32_t mask = layout->halves == 2 ? 15 : 255;
  for (int64_t b = first; b < first + count; b++) {
    svk_lanes scales;
    scales_of(strip, b, &scales);
    for (int g = 0; g < layout->groups; g++) {
      words group;
      group_of(strip, b, g, &group);
      for (int half = 0; half < layout->halves; half++) {
        float *to = out + ((b - first) * SVK_BLOCK + half * 16 + g * 4) * stride;
        for (int i = 0; i < 4; i++, to += stride) {
          integers codes =
              __builtin_convertvector((group >> (unsigned)(8 * i + 4 * half)) & mask, integers);
          svk_lanes values = __builtin_convertvector(codes - layout->zero, svk_lanes) * scales;
          memcpy(to, &values, sizeof values);
        }
      }
    }
  }
}
SVK_KERNEL(void, strip_decode,
           (svk_strip strip, int64_t first, int64_t count, float *out, int64_t stride),
           (strip, first, count, out, stride))

/* One strip times a tile, number by number: what the fast one is compared with. */
static void strip_product__portable(svk_strip strip, rounded_tile x, int64_t blocks, float *y,
                                    int64_t ldy) {
  const svk_strip_layout *layout = strip.layout;
  for (int64_t t = 0; t < x.tokens; t++) {
    for (int64_t r = 0; r < strip.rows; r++) {
      float total = 0;
      for (int64_t b = 0; b < blocks; b++) {
        int32_t sum = 0;
        for (int64_t i = 0; i < SVK_BLOCK; i++) {
          int64_t place = layout->halves == 2 ? i % 16 : i;
          int32_t code = group_at(strip, b, place / 4, r)[place % 4];
          if (layout->halves == 2) code = i < 16 ? code & 15 : code >> 4;
          sum += (code - layout->zero) * rounded_codes(x, b, i / 4, t)[i % 4];
        }
        uint16_t scale;
        memcpy(&scale, strip.scales + (b * strip.rows + r) * 2, 2);
        total += float_of_f16(scale) * rounded_scale(x, b, t) * (float)sum;
      }
      y[t * ldy + r] = total;
    }
  }
}

#if SVK_X86
#include "x86/strips.h"
#endif

/* The strips of rows first..<last times a tile, in pairs or each alone. */
static void strips_product(svk_weights w, int64_t first, int64_t last, int pairs, rounded_tile x,
                           float *y, int64_t ldy) {
  int64_t blocks = w.columns / SVK_BLOCK;
  (void)pairs;
#if SVK_X86
  if (svk_isa() >= SVK_AVX512VNNI) {
    strips_product__avx512vnni(w, first, last, pairs, x, blocks, y, ldy);
    return;
  }
#endif
  for (int64_t row = first; row < last; row += SVK_STRIP) {
    strip_product__portable(svk_strip_at(w, row), x, blocks, y + row, ldy);
  }
}

/* Tiles of tokens meet as many strips as half a second cache holds, so that both stay near. */
enum { NEAR = 512 << 10 };

void svk_strip_product(svk_weights w, int64_t first, int64_t last, const void *x, int64_t tokens,
                       float *y, int64_t ldy) {
  int64_t pair_bytes = 2 * SVK_STRIP * svk_bytes_of(w.format, w.columns);
  int64_t rows = pair_bytes < NEAR ? NEAR / pair_bytes * 2 * SVK_STRIP : 2 * SVK_STRIP;
  int64_t width = svk_strip_tile(tokens);
  int pairs = width == SVK_PAIR_TOKENS;
  for (int64_t begin = first; begin < last; begin += rows) {
    int64_t end = last - begin < rows ? last : begin + rows;
    for (int64_t t = 0; t < tokens; t += width) {
      rounded_tile tile = rounded_tile_at(x, t, tokens, width, w.columns);
      strips_product(w, begin, end, pairs, tile, y + t * ldy, ldy);
    }
  }
}
