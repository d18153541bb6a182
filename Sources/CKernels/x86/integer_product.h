/* Integer dots with AVX2: |w| (unsigned) times x with the sign of w; pairs stay below 2^15, because
 * 2 * 128 * 127 = 32512. */
#include <immintrin.h>

SVK_TARGET_AVX2 SVK_INLINE void add_block(const int8_t *codes, const int8_t *x, float scale,
                                          __m256 *total) {
  __m256i w = _mm256_loadu_si256((const __m256i *)codes);
  __m256i v = _mm256_loadu_si256((const __m256i *)x);
  __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(v, w));
  __m256i sums = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  *total = _mm256_fmadd_ps(_mm256_set1_ps(scale), _mm256_cvtepi32_ps(sums), *total);
}

/* Four chains of additions hide the latency of one. */
SVK_TARGET_AVX2 static float integer_dot__avx2(const int8_t *codes, const float *scales,
                                               rounded_row x, int64_t blocks) {
  __m256 totals[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
                      _mm256_setzero_ps()};
  int64_t b = 0;
  for (; b + 4 <= blocks; b += 4) {
    __m128 products = _mm_mul_ps(_mm_loadu_ps(scales + b), _mm_loadu_ps(x.scales + b));
    float four[4];
    _mm_storeu_ps(four, products);
    for (int i = 0; i < 4; i++) {
      add_block(codes + (b + i) * BLOCK, x.codes + (b + i) * BLOCK, four[i], &totals[i]);
    }
  }
  for (; b < blocks; b++) {
    add_block(codes + b * BLOCK, x.codes + b * BLOCK, scales[b] * x.scales[b], &totals[0]);
  }
  float lanes[8];
  _mm256_storeu_ps(lanes, _mm256_add_ps(_mm256_add_ps(totals[0], totals[1]),
                                        _mm256_add_ps(totals[2], totals[3])));
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
         ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

#define integer_dot__avx512 integer_dot__avx2

/* VNNI: 16 rows of weights as a panel, codes + 128 (unsigned) in the order the instruction eats
   them:
 * per block 8 groups of [16 rows][4 codes], and 16 scales. A lane is a row, so nothing is added
 * across lanes; the sum of each block begins at the activations' offset, -128 times the sum of
 * their codes. Up to 12 tokens keep their block sums and totals in registers. */
enum { PANEL_ROWS = 16, PANEL_TOKENS = 12 };

SVK_TARGET_AVX512VNNI static void pack_panel(const svk_format *format, const uint8_t *rows,
                                             int64_t row_bytes, int64_t count, int64_t columns,
                                             uint8_t *panel, float *scales, void *spare) {
  int64_t blocks = columns / BLOCK;
  float *row_scales = spare;
  int8_t *codes = (int8_t *)(row_scales + blocks);
  for (int64_t r = 0; r < PANEL_ROWS; r++) {
    if (r < count) format->unpack(rows + r * row_bytes, columns, codes, row_scales);
    else if (r == count) memset(row_scales, 0, (size_t)(columns + 4 * blocks));
    for (int64_t b = 0; b < blocks; b++) scales[b * PANEL_ROWS + r] = row_scales[b];
    for (int64_t group = 0; group < columns / 4; group++) {
      uint32_t four;
      memcpy(&four, codes + 4 * group, 4);
      four ^= 0x80808080u;
      memcpy(panel + (group * PANEL_ROWS + r) * 4, &four, 4);
    }
  }
}

SVK_TARGET_AVX512VNNI SVK_INLINE void multiply_panel(const int tokens, const uint8_t *panel,
                                                     const float *scales, const rounded_row *x,
                                                     int64_t blocks, __mmask16 mask, float *y,
                                                     int64_t ldy) {
  __m512 totals[PANEL_TOKENS];
#pragma clang loop unroll(full)
  for (int t = 0; t < tokens; t++) totals[t] = _mm512_setzero_ps();
  for (int64_t b = 0; b < blocks; b++) {
    __m512i sums[PANEL_TOKENS];
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) sums[t] = _mm512_set1_epi32(x[t].offsets[b]);
#pragma clang loop unroll(full)
    for (int group = 0; group < BLOCK / 4; group++) {
      __m512i w = _mm512_loadu_si512(panel + (b * (BLOCK / 4) + group) * PANEL_ROWS * 4);
#pragma clang loop unroll(full)
      for (int t = 0; t < tokens; t++) {
        int32_t four;
        memcpy(&four, x[t].codes + b * BLOCK + 4 * group, 4);
        sums[t] = _mm512_dpbusd_epi32(sums[t], w, _mm512_set1_epi32(four));
      }
    }
    __m512 scale = _mm512_loadu_ps(scales + b * PANEL_ROWS);
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) {
      __m512 both = _mm512_mul_ps(scale, _mm512_set1_ps(x[t].scales[b]));
      totals[t] = _mm512_fmadd_ps(both, _mm512_cvtepi32_ps(sums[t]), totals[t]);
    }
  }
#pragma clang loop unroll(full)
  for (int t = 0; t < tokens; t++) _mm512_mask_storeu_ps(y + t * ldy, mask, totals[t]);
}

/* Any number of tokens up to 12 as instances of 12, 4 and 1. */
SVK_TARGET_AVX512VNNI static void multiply_tile_by_panel(int64_t tokens, const uint8_t *panel,
                                                         const float *scales, const rounded_row *x,
                                                         int64_t blocks, __mmask16 mask, float *y,
                                                         int64_t ldy) {
  int64_t t = 0;
  if (tokens == PANEL_TOKENS) {
    multiply_panel(PANEL_TOKENS, panel, scales, x, blocks, mask, y, ldy);
    return;
  }
  for (; t + 4 <= tokens; t += 4) {
    multiply_panel(4, panel, scales, x + t, blocks, mask, y + t * ldy, ldy);
  }
  for (; t < tokens; t++) multiply_panel(1, panel, scales, x + t, blocks, mask, y + t * ldy, ldy);
}

/* Up to four panels at a time, as many as half a second cache holds, so that a tile of activations
   is
 * met by all of them while it is in the first. */
SVK_TARGET_AVX512VNNI static void integer_panels__avx512vnni(
    const svk_format *format, const uint8_t *rows, int64_t row_bytes, int64_t count,
    int64_t columns, const void *x, int64_t tokens, float *y, int64_t ldy, void *scratch) {
  int64_t blocks = columns / BLOCK;
  int64_t codes_bytes = columns * PANEL_ROWS, panel_bytes = codes_bytes + blocks * PANEL_ROWS * 4;
  int64_t room = svk_scratch_bytes(0) - 4096;
  int64_t panels = room / panel_bytes < 1 ? 1 : (room / panel_bytes > 4 ? 4 : room / panel_bytes);
  uint8_t *packed = scratch, *spare = packed + panels * panel_bytes;
  for (int64_t first = 0; first < count; first += panels * PANEL_ROWS) {
    int64_t now = count - first < panels * PANEL_ROWS ? count - first : panels * PANEL_ROWS;
    for (int64_t r = 0; r < now; r += PANEL_ROWS) {
      uint8_t *panel = packed + r / PANEL_ROWS * panel_bytes;
      int64_t n = now - r < PANEL_ROWS ? now - r : PANEL_ROWS;
      pack_panel(format, rows + (first + r) * row_bytes, row_bytes, n, columns, panel,
                 (float *)(panel + codes_bytes), spare);
    }
    for (int64_t t = 0; t < tokens; t += PANEL_TOKENS) {
      int64_t tile = tokens - t < PANEL_TOKENS ? tokens - t : PANEL_TOKENS;
      rounded_row at[PANEL_TOKENS];
      for (int64_t i = 0; i < tile; i++) at[i] = rounded_row_at(x, t + i, columns);
      for (int64_t r = 0; r < now; r += PANEL_ROWS) {
        const uint8_t *panel = packed + r / PANEL_ROWS * panel_bytes;
        int64_t n = now - r < PANEL_ROWS ? now - r : PANEL_ROWS;
        multiply_tile_by_panel(tile, panel, (const float *)(panel + codes_bytes), at, blocks,
                               (__mmask16)((1u << n) - 1), y + t * ldy + first + r, ldy);
      }
    }
  }
}
