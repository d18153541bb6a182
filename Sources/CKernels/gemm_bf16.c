/* The engine's BF16 arithmetic (gemm.h): tile[step][rows][2], panel[step][32][2], the two
 * neighbours of a step side by side, added in F32. Activations are rounded once, when tiles are
 * copied; panels take the bits of BF16 weights as they are, and other formats decoded and rounded.
 *
 * For processors with AVX-512 BF16 alone, or as if: the text is one, its two instructions the
 * processor's or spelled out (x86/bf16.h). */
#include "gemm.h"

#if SVK_X86
#include <string.h>

#include "square.h"
#include "strips.h"
#include "x86/bf16.h"
#include "x86/tile.h"

enum {
  PAIR_BLOCK = 2 * SVK_SQUARE, /* positions of a square of pairs */
  WHOLE = 0xffff,              /* all lanes */
  COLUMNS_AHEAD = 16 /* processors do not follow pieces of rows from page to page */
};

SVK_TARGET_AVX512 SVK_INLINE void store_words(float *to, const __m512i *words) {
  _mm512_storeu_si512(to, *words);
}

/* to[q * step + r] = positions 2q and 2q + 1 of row r, for the `lanes` r and 2q < k; zeros for rows
 * from `count` on. */
SVK_TARGET_AVX512 SVK_INLINE void round_rows(const float *rows, int64_t stride, int64_t count,
                                             int64_t k, float *to, int64_t step, __mmask16 lanes,
                                             svk_round_values round) {
  for (int64_t p = 0; p < k; p += PAIR_BLOCK, to += SVK_SQUARE * step) {
    int64_t columns = k - p < PAIR_BLOCK ? k - p : PAIR_BLOCK;
    uint32_t mask = columns == PAIR_BLOCK ? 0xffffffffu : (1u << columns) - 1;
    svk_lanes square[SVK_SQUARE];
    for (int64_t r = 0; r < SVK_SQUARE; r++) {
      square[r] = (svk_lanes)0;
      if (r >= count) continue;
      const float *from = rows + r * stride + p;
      __builtin_prefetch(from + SVK_SQUARE * stride); /* the next rows: two lines a time */
      __builtin_prefetch(from + SVK_SQUARE * stride + 16);
      __m512 low = _mm512_maskz_loadu_ps((__mmask16)mask, from);
      __m512 high = _mm512_maskz_loadu_ps((__mmask16)(mask >> 16), from + 16);
      __m512i codes;
      round(&low, &high, &codes);
      memcpy(&square[r], &codes, sizeof codes);
    }
    turn_square(square);
    for (int64_t q = 0; 2 * q < columns; q++) {
      _mm512_mask_storeu_ps(to + q * step, lanes, (__m512)square[q]);
    }
  }
}

/* 16 words: first[j] below second[j], of 16 codes each. */
SVK_TARGET_AVX512 SVK_INLINE __m512i interleave(__m512i codes) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24,
                                         8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(order, codes);
}

/* tile[step][i] = positions 2 step and 2 step + 1 of row i, for rows that lie side by side,
 * `stride` from position to position. */
SVK_TARGET_AVX512 SVK_INLINE void round_columns(const float *a, int64_t stride, int64_t rows,
                                                int64_t k, float *tile, svk_round_values round) {
  const __mmask16 mask = (__mmask16)((1u << rows) - 1);
  for (int64_t p = 0; p < k; p += 2, a += 2 * stride, tile += rows) {
    __m512 first = _mm512_maskz_loadu_ps(mask, a), second = _mm512_setzero_ps();
    if (p + 1 < k) second = _mm512_maskz_loadu_ps(mask, a + stride);
    __builtin_prefetch(a + COLUMNS_AHEAD * stride);
    __builtin_prefetch(a + (COLUMNS_AHEAD + 1) * stride);
    __m512i codes;
    round(&first, &second, &codes);
    _mm512_mask_storeu_epi32(tile, mask, interleave(codes));
  }
}

/* Up to 32 rows of BF16 as they lie, k positions each; words come from rows of an even length. */
SVK_TARGET_AVX512 static void turn_codes(const uint16_t *rows, int64_t stride, int64_t count,
                                         int64_t k, float *panel, float *spare) {
  const float *words = (const float *)(const void *)rows;
  int64_t step = stride / 2;
  if (stride % 2) {
    step = SVK_SPARE_LENGTH;
    for (int64_t r = 0; r < count; r++) {
      uint8_t *row = (uint8_t *)(spare + r * step);
      memcpy(row, rows + r * stride, (size_t)k * 2);
      memset(row + k * 2, 0, 2);
    }
    words = spare;
  }
  for (int64_t r = 0; r < SVK_PANEL; r += SVK_SQUARE) {
    turn_rows(words + r * step, step, count - r, (k + 1) / 2, panel + r, SVK_PANEL);
  }
}

/* A panel of columns from strips: their blocks come as [32 positions][16 columns]. */
SVK_TARGET_AVX512 SVK_INLINE void pack_strips_along(svk_panel_source b, int64_t p, int64_t k,
                                                    int64_t j, int64_t count, float *panel,
                                                    float *spare, svk_round_values round) {
  if (count <= SVK_STRIP) memset(panel, 0, (size_t)(k / 2 * SVK_PANEL) * sizeof(float));
  for (int64_t r = 0; r < count; r += SVK_STRIP) {
    svk_strip strip = svk_strip_at(b.w, b.first + j + r);
    float *to = panel + r;
    for (int64_t done = 0; done < k; done += SVK_BLOCK) {
      svk_strip_decode(strip, (p + done) / SVK_BLOCK, 1, spare, SVK_STRIP);
      for (int64_t i = 0; i < SVK_BLOCK; i += 2, to += SVK_PANEL) {
        __m512 first = _mm512_loadu_ps(spare + i * SVK_STRIP);
        __m512 second = _mm512_loadu_ps(spare + (i + 1) * SVK_STRIP);
        __m512i codes;
        round(&first, &second, &codes);
        codes = interleave(codes);
        store_words(to, &codes);
      }
    }
  }
}

/* One panel of columns j..<j+count (at most 32), where a column of B is a row of the matrix. */
SVK_TARGET_AVX512 SVK_INLINE void pack_along(svk_panel_source b, int64_t p, int64_t k, int64_t j,
                                             int64_t count, float *panel, float *spare,
                                             svk_round_values round) {
  if (b.w.arrangement == SVK_STRIPS) {
    pack_strips_along(b, p, k, j, count, panel, spare, round);
    return;
  }
  const svk_format *format = b.w.format;
  int64_t row_bytes = svk_bytes_of(format, b.w.columns);
  const uint8_t *from =
      (const uint8_t *)b.w.bytes + (b.first + j) * row_bytes + svk_bytes_of(format, p);
  if (format == svk_format_bf16()) {
    turn_codes((const uint16_t *)(const void *)from, b.w.columns, count, k, panel, spare);
    return;
  }
  for (int64_t r = 0; r < SVK_PANEL && format == svk_format_f32(); r += SVK_SQUARE) {
    const float *rows = (const float *)(const void *)from + r * b.w.columns;
    round_rows(rows, b.w.columns, count - r, k, panel + r, SVK_PANEL, WHOLE, round);
  }
  if (format == svk_format_f32()) return;
  for (int64_t done = 0; done < k; done += SVK_INNER) {
    int64_t length = k - done < SVK_INNER ? k - done : SVK_INNER;
    for (int64_t r = 0; r < count; r++) {
      format->decode(from + r * row_bytes + svk_bytes_of(format, done), length,
                     spare + r * SVK_SPARE_LENGTH);
    }
    for (int64_t r = 0; r < SVK_PANEL; r += SVK_SQUARE) {
      round_rows(spare + r * SVK_SPARE_LENGTH, SVK_SPARE_LENGTH, count - r, length,
                 panel + done / 2 * SVK_PANEL + r, SVK_PANEL, WHOLE, round);
    }
  }
}

/* All panels, where 16 rows of B are a strip: a block comes as [32 columns][16 rows], and the 16
 * rows of a column are 8 words. Columns j and j + 16 together are a row of a square. */
SVK_TARGET_AVX512 SVK_INLINE void pack_strips_across(svk_panel_source b, int64_t p, int64_t k,
                                                     int64_t j, int64_t count, float *panels,
                                                     float *spare, svk_round_values round) {
  int64_t step = SVK_PANEL * ((k + 1) / 2);
  for (int64_t q = 0; q < k; q += SVK_STRIP) {
    svk_strip strip = svk_strip_at(b.w, p + q);
    for (int64_t done = 0; done < count; done += SVK_BLOCK) {
      float *to = panels + done / SVK_PANEL * step + q / 2 * SVK_PANEL;
      svk_lanes square[SVK_SQUARE];
      svk_strip_decode(strip, (b.first + j + done) / SVK_BLOCK, 1, spare, SVK_STRIP);
      for (int64_t i = 0; i < SVK_SQUARE; i++) {
        __m512 low = _mm512_loadu_ps(spare + i * SVK_STRIP);
        __m512 high = _mm512_loadu_ps(spare + (i + SVK_SQUARE) * SVK_STRIP);
        __m512i codes;
        round(&low, &high, &codes);
        memcpy(&square[i], &codes, sizeof codes);
      }
      turn_square(square);
      for (int64_t i = 0; 2 * i < strip.rows; i++) {
        memcpy(to + i * SVK_PANEL, &square[i], sizeof square[i]);
        memcpy(to + i * SVK_PANEL + SVK_SQUARE, &square[i + 8], sizeof square[i]);
      }
    }
  }
}

enum { /* floats */
  DECODED_ROOM = SVK_WIDTH + 2 * SVK_LONGEST_BLOCK, /* a row's part with whole blocks */
  ROW_ROOM = DECODED_ROOM + SVK_WIDTH               /* and its codes */
};

/* Values from j on of one row as codes: its own bytes in BF16, else decoded and rounded. */
static const uint16_t *row_codes(svk_panel_source b, int64_t row, int64_t j, int64_t count,
                                 float *spare) {
  const svk_format *format = b.w.format;
  const uint8_t *from = (const uint8_t *)b.w.bytes + row * svk_bytes_of(format, b.w.columns);
  if (format == svk_format_bf16()) return (const uint16_t *)(const void *)from + b.first + j;
  uint16_t *codes = (uint16_t *)(spare + DECODED_ROOM);
  const float *values = svk_decode_part(format, from, b.first + j, count, spare);
  svk_format_bf16()->encode(values, count, codes);
  return codes;
}

enum {
  ROWS_AHEAD = 8 /* processors do not follow pieces of rows from page to page */
};

/* 32 columns of two rows, side by side. */
SVK_TARGET_AVX512 SVK_INLINE void store_pairs(float *to, __m512i x, __m512i y) {
  __m512i low = interleave(_mm512_inserti64x4(x, _mm512_castsi512_si256(y), 1));
  __m512i high = interleave(_mm512_shuffle_i64x2(x, y, 0xee));
  store_words(to, &low);
  store_words(to + SVK_SQUARE, &high);
}

/* 32 values as codes, or those of a mask. */
SVK_TARGET_AVX512 SVK_INLINE __m512i round_some(const float *from, uint32_t mask,
                                                svk_round_values round) {
  __m512 low = _mm512_maskz_loadu_ps((__mmask16)mask, from);
  __m512 high = _mm512_maskz_loadu_ps((__mmask16)(mask >> 16), from + 16);
  __m512i codes;
  round(&low, &high, &codes);
  return codes;
}

static inline uint32_t panel_mask(int64_t count) {
  return count < SVK_PANEL ? (1u << count) - 1 : 0xffffffffu;
}

/* All panels, where a row of B is a row of F32. */
SVK_TARGET_AVX512 SVK_INLINE void pack_floats_across(svk_panel_source b, int64_t p, int64_t k,
                                                     int64_t j, int64_t count, float *panels,
                                                     svk_round_values round) {
  int64_t step = SVK_PANEL * ((k + 1) / 2), columns = b.w.columns;
  const float *row = (const float *)b.w.bytes + p * columns + b.first + j;
  for (int64_t q = 0; q < k; q += 2, row += 2 * columns) {
    for (int64_t done = 0; done < count; done += SVK_PANEL) {
      uint32_t mask = panel_mask(count - done);
      __m512i first = round_some(row + done, mask, round), second = _mm512_setzero_si512();
      if (q + 1 < k) second = round_some(row + columns + done, mask, round);
      store_pairs(panels + done / SVK_PANEL * step + q / 2 * SVK_PANEL, first, second);
    }
  }
}

/* All panels, where a row of B is a row of the matrix: two rows are interleaved. */
SVK_TARGET_AVX512 static void pack_rows_across(svk_panel_source b, int64_t p, int64_t k, int64_t j,
                                               int64_t count, float *panels, float *spare) {
  int64_t step = SVK_PANEL * ((k + 1) / 2);
  for (int64_t q = 0; q < k; q += 2) {
    const uint16_t *first = row_codes(b, p + q, j, count, spare), *second = first;
    if (q + 1 < k) second = row_codes(b, p + q + 1, j, count, spare + ROW_ROOM);
    uint32_t there = q + 1 < k ? 0xffffffffu : 0; /* beside an odd last row are zeros */
    for (int64_t done = 0; done < count; done += SVK_PANEL) {
      uint32_t mask = panel_mask(count - done);
      __builtin_prefetch(first + done + ROWS_AHEAD * b.w.columns);
      __builtin_prefetch(second + done + ROWS_AHEAD * b.w.columns);
      __m512i x = _mm512_maskz_loadu_epi16(mask, first + done);
      __m512i y = _mm512_maskz_loadu_epi16(mask & there, second + done);
      store_pairs(panels + done / SVK_PANEL * step + q / 2 * SVK_PANEL, x, y);
    }
  }
}

SVK_TARGET_AVX512 SVK_INLINE void pack_panels(svk_panel_source b, int64_t p, int64_t k, int64_t j,
                                              int64_t count, float *panels, float *spare,
                                              svk_round_values round) {
  if (b.across && b.w.arrangement == SVK_STRIPS) {
    pack_strips_across(b, p, k, j, count, panels, spare, round);
    return;
  }
  if (b.across && b.w.format == svk_format_f32()) {
    pack_floats_across(b, p, k, j, count, panels, round);
    return;
  }
  if (b.across) {
    pack_rows_across(b, p, k, j, count, panels, spare);
    return;
  }
  for (int64_t q = 0; q < count; q += SVK_PANEL) {
    int64_t columns = count - q < SVK_PANEL ? count - q : SVK_PANEL;
    pack_along(b, p, k, j + q, columns, panels + q * ((k + 1) / 2), spare, round);
  }
}

/* What rounds, once for each set of instructions. */
#define PACKERS(target, form, round)                                                               \
  target static void copy_tile__##form(svk_matrix a, int64_t rows, int64_t k, float *tile) {       \
    __mmask16 lanes = (__mmask16)((1u << rows) - 1);                                               \
    if (a.column_stride == 1) round_rows(a.a, a.row_stride, rows, k, tile, rows, lanes, round);    \
    else round_columns(a.a, a.column_stride, rows, k, tile, round);                                \
  }                                                                                                \
  target static void pack_panels__##form(svk_panel_source b, int64_t p, int64_t k, int64_t j,      \
                                         int64_t count, float *panels, float *spare) {             \
    pack_panels(b, p, k, j, count, panels, spare, round);                                          \
  }

PACKERS(SVK_TARGET_AVX512BF16, avx512bf16, round_values)
PACKERS(SVK_TARGET_AVX512, spelled_out, round_values_spelled_out)

SVK_TILE_512(SVK_TARGET_AVX512BF16, multiply_tile__avx512bf16, dot_pairs)
SVK_TILE_512(__attribute__((noinline)) SVK_TARGET_AVX512, sum_tile__spelled_out,
             dot_pairs_spelled_out)

/* Only the sums are the instruction's: C takes them under the caller's MXCSR. */
SVK_TARGET_AVX512 static void multiply_tile__spelled_out(int rows, int columns,
                                                         const float *tile, int64_t steps,
                                                         const float *panel, float *c, int64_t ldc,
                                                         svk_update update) {
  float sums[SVK_TILE * SVK_PANEL];
  unsigned saved = begin_spelling();
  sum_tile__spelled_out(rows, columns, tile, steps, panel, sums, SVK_PANEL, (svk_update){1, 0});
  end_spelling(saved);
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < columns; j++) {
      float old = update.accumulate ? c[i * ldc + j] : 0;
      c[i * ldc + j] = __builtin_fmaf(update.alpha, sums[i * SVK_PANEL + j], old);
    }
  }
}

svk_arithmetic svk_arithmetic_bf16(void) {
  if (svk_spells_out_bf16()) {
    return (svk_arithmetic){2, copy_tile__spelled_out, pack_panels__spelled_out,
                            multiply_tile__spelled_out};
  }
  return (svk_arithmetic){2, copy_tile__avx512bf16, pack_panels__avx512bf16,
                          multiply_tile__avx512bf16};
}
#endif
