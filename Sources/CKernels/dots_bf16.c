/* Dots of BF16 rows with few tokens rounded to BF16, straight from the bytes as they lie: 32
 * products of a row an instruction, and nothing to decode. Tiles of four rows and up to six tokens;
 * one token alone waits for memory, which gives most when it is read in its order, row after row.
 * A sum has one order whatever rows and tokens stand beside it.
 *
 * The two instructions behind it, or what spells them out, are in x86/bf16.h. */
#include "gemm.h"

#if SVK_X86
#include "plain_dots.h"
#include "x86/bf16.h"

enum { LENGTH = 32, ROWS = 4, ALONE_AHEAD = 4096 /* bytes: processors stop at a page's end */ };

/* 32 codes, or where they are not `whole` those of a mask. */
SVK_TARGET_AVX512 SVK_INLINE __m512 load_codes(const int whole, __mmask32 mask, const void *from) {
  return _mm512_castsi512_ps(whole ? _mm512_loadu_si512(from)
                                   : _mm512_maskz_loadu_epi16(mask, from));
}

/* Adds 32 columns, or those of a mask where they are not `whole`, to the sums of a tile. */
SVK_TARGET_AVX512 SVK_INLINE void add_columns(const int rows, const int tokens, const int whole,
                                              __mmask32 mask, const uint8_t *from,
                                              int64_t row_bytes, const uint16_t *x, int64_t ldx,
                                              __m512 (*totals)[ROWS], svk_dot_pairs dot) {
  __m512 w[ROWS];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) w[r] = load_codes(whole, mask, from + r * row_bytes);
#pragma clang loop unroll(full)
  for (int t = 0; t < tokens; t++) {
    __m512 value = load_codes(whole, mask, x + t * ldx);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) dot(&totals[t][r], &w[r], &value);
  }
}

/* sums[t * 4 + r], lane by lane. */
SVK_TARGET_AVX512 SVK_INLINE void sum_tile(const int rows, const int tokens, const uint8_t *from,
                                           int64_t row_bytes, int64_t columns, const uint16_t *x,
                                           int64_t ldx, __m512 *sums, svk_dot_pairs dot) {
  __m512 totals[SVK_DOT_TOKENS][ROWS];
  const int asks = tokens == 1 || row_bytes < SVK_LONG_ROW;
  const int64_t ahead = rows == 1 ? ALONE_AHEAD : SVK_ROWS_AHEAD;
  int64_t k = 0;
#pragma clang loop unroll(full)
  for (int t = 0; t < tokens; t++) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) totals[t][r] = _mm512_setzero_ps();
  }
  for (; k + LENGTH <= columns; k += LENGTH) {
#pragma clang loop unroll(full)
    for (int r = 0; asks && r < rows; r++) {
      __builtin_prefetch(from + r * row_bytes + 2 * k + ahead);
    }
    add_columns(rows, tokens, 1, 0, from + 2 * k, row_bytes, x + k, ldx, totals, dot);
  }
  if (k < columns) {
    __mmask32 mask = (1u << (columns - k)) - 1;
    add_columns(rows, tokens, 0, mask, from + 2 * k, row_bytes, x + k, ldx, totals, dot);
  }
#pragma clang loop unroll(full)
  for (int t = 0; t < tokens; t++) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) sums[t * ROWS + r] = totals[t][r];
  }
}

#define CASE(rows, n, dot)                                                                         \
  case n:                                                                                          \
    sum_tile(rows, n, from, row_bytes, columns, x, ldx, sums, dot);                                \
    break;
#define CASES(rows, dot)                                                                           \
  CASE(rows, 1, dot) CASE(rows, 2, dot) CASE(rows, 3, dot) CASE(rows, 4, dot) CASE(rows, 5, dot)   \
  CASE(rows, 6, dot)

/* Four rows, or one (`lone`), times 1...6 tokens. */
#define SUM_ROWS(target, name, dot)                                                                \
  target static void name(int lone, const uint8_t *from, int64_t row_bytes, int64_t columns,       \
                          const uint16_t *x, int64_t ldx, int64_t tokens, __m512 *sums) {          \
    if (lone) {                                                                                    \
      switch (tokens) { CASES(1, dot) }                                                            \
    } else {                                                                                       \
      switch (tokens) { CASES(ROWS, dot) }                                                         \
    }                                                                                              \
  }

SUM_ROWS(SVK_TARGET_AVX512BF16, sum_rows__avx512bf16, dot_pairs)
SUM_ROWS(__attribute__((noinline)) SVK_TARGET_AVX512, spell_out_rows, dot_pairs_spelled_out)
#undef SUM_ROWS
#undef CASES
#undef CASE

SVK_TARGET_AVX512 static void sum_rows__spelled_out(int lone, const uint8_t *from,
                                                    int64_t row_bytes, int64_t columns,
                                                    const uint16_t *x, int64_t ldx, int64_t tokens,
                                                    __m512 *sums) {
  unsigned saved = begin_spelling();
  spell_out_rows(lone, from, row_bytes, columns, x, ldx, tokens, sums);
  end_spelling(saved);
}

SVK_TARGET_AVX512 static void dots(int lone, const uint8_t *from, int64_t row_bytes,
                                   int64_t columns, const uint16_t *x, int64_t ldx, int64_t tokens,
                                   float *out) {
  const int spelled_out = svk_spells_out_bf16();
  for (int64_t count; tokens > 0; tokens -= count, x += count * ldx, out += count * ROWS) {
    __m512 sums[SVK_DOT_TOKENS * ROWS];
    count = tokens < SVK_DOT_TOKENS ? tokens : SVK_DOT_TOKENS;
    if (spelled_out) {
      sum_rows__spelled_out(lone, from, row_bytes, columns, x, ldx, count, sums);
    } else {
      sum_rows__avx512bf16(lone, from, row_bytes, columns, x, ldx, count, sums);
    }
    for (int64_t t = 0; t < count; t++) {
      for (int64_t r = 0; r < (lone ? 1 : ROWS); r++) {
        svk_lanes lanes;
        memcpy(&lanes, &sums[t * ROWS + r], sizeof lanes);
        out[t * ROWS + r] = sum_of_lanes(&lanes);
      }
    }
  }
}

void svk_dots_bf16(const uint8_t *rows, int64_t row_bytes, int64_t row_count, int64_t columns,
                   const uint16_t *x, int64_t ldx, int64_t tokens, float *out) {
  if (row_count == ROWS && tokens > 1) {
    dots(0, rows, row_bytes, columns, x, ldx, tokens, out);
    return;
  }
  for (int64_t r = 0; r < row_count; r++) {
    dots(1, rows + r * row_bytes, row_bytes, columns, x, ldx, tokens, out + r);
  }
}
#endif
