/* Strips times tokens with VNNI: a lane is a row, and one instruction adds 4 products in each lane.
 * Weights are unsigned; the sum of a group begins at the activations' offset, -zero times the sum
 * of their codes. One strip meets up to 12 tokens, or two share what is broadcast of up to 6:
 * group sums and totals fill the registers.
 *
 * The file of a format includes this, writes what reads its blocks (codes_<name>, scale_<name>,
 * where it has mins min_<name>), and names them by SVK_STRIP_KERNELS. */
#ifndef SVK_X86_STRIPS_H
#define SVK_X86_STRIPS_H

#include <immintrin.h>

#include "../strips.h"

/* Bytes beyond the words at hand that are asked for: one strip follows another, but processors
 * stop at the end of a page. */
enum { STRIPS_AHEAD = 4096 };

/* A block of a strip. */
typedef struct {
  const uint8_t *lone, *words;
  int64_t rows;
  __mmask16 mask;
} strip_block;

/* A word of each row. A strip of fewer than 16 rows is not `whole`. */
SVK_TARGET_AVX512VNNI SVK_INLINE __m512i strip_word(const int whole, const strip_block *at,
                                                    int word) {
  return whole ? _mm512_loadu_si512(at->words + word * 64)
               : _mm512_maskz_loadu_epi32(at->mask, at->words + word * at->rows * 4);
}

/* The two bytes more of each row as F16. */
SVK_TARGET_AVX512VNNI SVK_INLINE __m512 strip_half(const int whole, const strip_block *at) {
  return _mm512_cvtph_ps(whole ? _mm256_loadu_si256((const __m256i *)at->lone)
                               : _mm256_maskz_loadu_epi16(at->mask, at->lone));
}

/* The lower 16 bits of each lane as F16, or after a shift the upper ones. */
SVK_TARGET_AVX512VNNI SVK_INLINE __m512 lane_half(__m512i words) {
  return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(words));
}

/* Bits `shift`... of each byte, as many as `mask` has; below bit 8 of a pair of bytes. */
SVK_TARGET_AVX512VNNI SVK_INLINE __m512i byte_bits(__m512i words, int shift, char mask) {
  return _mm512_and_si512(_mm512_srl_epi16(words, _mm_cvtsi32_si128(shift)),
                          _mm512_set1_epi8(mask));
}

/* Bits `shift`... of each lane. */
SVK_TARGET_AVX512VNNI SVK_INLINE __m512i lane_bits(__m512i words, int shift, int mask) {
  return _mm512_and_si512(_mm512_srl_epi32(words, _mm_cvtsi32_si128(shift)),
                          _mm512_set1_epi32(mask));
}

/* Four codes of each row, those of group `group` (of 8) in part `part` of a block; the scale and
 * the min of one half of a part. */
typedef void (*strip_codes)(const int whole, const strip_block *at, int part, int group,
                            __m512i *codes);
typedef void (*strip_numbers)(const int whole, const strip_block *at, int part, int half,
                              __m512 *numbers);

/* What reads a format: constants of each instance, so that it is inlined. */
typedef struct {
  int words;  /* of a block, as its layout has them */
  int parts;  /* of 32 values in a block */
  int halves; /* 2: each half of a part has its own scale and min */
  int zero;   /* the code of zero, 0 or a power of 2 */
  strip_codes codes;
  strip_numbers scale, min; /* min NULL: there are none */
} strip_reader;

static inline void next_block(strip_block *at, const int words) {
  at->words += words * at->rows * 4;
  at->lone += at->rows * 2;
}

/* Where part n of a strip is; the part of its block. */
static inline int strip_part(const strip_reader reader, svk_strip strip, int64_t n,
                             strip_block *at) {
  int64_t block = n / reader.parts * strip.rows;
  *at = (strip_block){strip.lone + block * 2, strip.words + block * reader.words * 4, strip.rows,
                      (__mmask16)((1u << strip.rows) - 1)};
  return (int)(n % reader.parts);
}

/* Where sums of codes times tokens begin: `half` is 2 for both. */
SVK_TARGET_AVX512VNNI SVK_INLINE __m512i begin_sum(const int zero, const int half,
                                                   const int32_t *numbers, int64_t width, int t) {
  if (!zero) return _mm512_setzero_si512();
  int32_t whole = numbers[width + t], first = numbers[10 * width + t];
  int32_t offset = half == 2 ? whole : half ? whole - first : first;
  return _mm512_set1_epi32(offset >> (7 - __builtin_ctz((unsigned)zero)));
}

/* Asks for what lies as far ahead as the words of a group: line by line, because a whole block at
 * once is more than a core can wait for. */
SVK_TARGET_AVX512VNNI SVK_INLINE void ask_ahead(const strip_reader reader, const strip_block *at,
                                                int part, const int group) {
  const int lines = (reader.words + reader.parts - 1) / reader.parts; /* of a part */
  const int line = group * lines / 8;
  if (group > 0 && line == (group - 1) * lines / 8) return;
  const uint8_t *words = at->words + 64 * (reader.words * part / reader.parts + line);
  _mm_prefetch((const char *)words + STRIPS_AHEAD, _MM_HINT_T0);
}

/* Adds one part of a block of each strip. `half` is 2 where both halves go together. */
SVK_TARGET_AVX512VNNI SVK_INLINE void add_group(const strip_reader reader, const int strips,
                                                const int tokens, const int whole, const int half,
                                                const strip_block *at, int part,
                                                const int32_t *numbers, int64_t width,
                                                __m512 (*totals)[SVK_LONE_TOKENS]) {
  __m512i sums[2][SVK_LONE_TOKENS];
#pragma clang loop unroll(full)
  for (int t = 0; t < tokens; t++) {
    sums[0][t] = sums[1][t] = begin_sum(reader.zero, half, numbers, width, t);
  }
#pragma clang loop unroll(full)
  for (int group = half == 1 ? 4 : 0; group < (half == 0 ? 4 : 8); group++) {
    __m512i w[2];
#pragma clang loop unroll(full)
    for (int s = 0; s < strips; s++) {
      ask_ahead(reader, &at[s], part, group);
      reader.codes(whole, &at[s], part, group, &w[s]);
    }
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) {
      __m512i four = _mm512_set1_epi32(numbers[(2 + group) * width + t]);
#pragma clang loop unroll(full)
      for (int s = 0; s < strips; s++) sums[s][t] = _mm512_dpbusd_epi32(sums[s][t], w[s], four);
    }
  }
#pragma clang loop unroll(full)
  for (int s = 0; s < strips; s++) {
    __m512 scale;
    reader.scale(whole, &at[s], part, half & 1, &scale);
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) {
      __m512 product = _mm512_mul_ps(scale, _mm512_set1_ps(((const float *)numbers)[t]));
      totals[s][t] = _mm512_fmadd_ps(product, _mm512_cvtepi32_ps(sums[s][t]), totals[s][t]);
    }
  }
}

/* Takes the mins of one part away, times the tokens' sums. */
SVK_TARGET_AVX512VNNI SVK_INLINE void take_mins(const strip_reader reader, const int strips,
                                                const int tokens, const int whole,
                                                const strip_block *at, int part,
                                                const int32_t *numbers, int64_t width,
                                                __m512 (*totals)[SVK_LONE_TOKENS]) {
  const float *values = (const float *)numbers;
#pragma clang loop unroll(full)
  for (int s = 0; s < strips; s++) {
    __m512 min, other;
    reader.min(whole, &at[s], part, 1, &min);
    if (reader.halves == 2) {
      reader.min(whole, &at[s], part, 0, &other);
      other = _mm512_sub_ps(other, min);
    }
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) {
      __m512 sum = _mm512_set1_ps(values[11 * width + t]);
      totals[s][t] = _mm512_fnmadd_ps(min, sum, totals[s][t]);
      if (reader.halves == 1) continue;
      float first = values[t] * ((float)numbers[10 * width + t] * (-1.0f / 128));
      totals[s][t] = _mm512_fnmadd_ps(other, _mm512_set1_ps(first), totals[s][t]);
    }
  }
}

/* `strips` (1 or 2) times `tokens` that begin at `x`, of a tile `width` wide; added to y where it
 * accumulates, which takes whole strips. */
SVK_TARGET_AVX512VNNI SVK_INLINE void strip_tile(const strip_reader reader, const int strips,
                                                 const int tokens, const int whole,
                                                 const svk_strip *from, const uint8_t *x,
                                                 int64_t width, int64_t blocks, float *y,
                                                 int64_t ldy, const int accumulates) {
  const __mmask16 mask = (__mmask16)((1u << from[0].rows) - 1);
  strip_block at[2];
  __m512 totals[2][SVK_LONE_TOKENS];
#pragma clang loop unroll(full)
  for (int s = 0; s < strips; s++) {
    at[s] = (strip_block){from[s].lone, from[s].words, whole ? SVK_STRIP : from[s].rows, mask};
  }
#pragma clang loop unroll(full)
  for (int t = 0; t < tokens; t++) {
    totals[0][t] = totals[1][t] = _mm512_setzero_ps();
    if (!accumulates) continue;
    totals[0][t] = _mm512_loadu_ps(y + t * ldy);
    if (strips > 1) totals[1][t] = _mm512_loadu_ps(y + t * ldy + SVK_STRIP);
  }
  for (int64_t b = 0; b < blocks; b++) {
#pragma clang loop unroll(disable)
    for (int part = 0; part < reader.parts; part++, x += SVK_TOKEN_BYTES * width) {
      const int32_t *numbers = (const int32_t *)x; /* integer_product.h says which */
#pragma clang loop unroll(full)
      /* What one part reads is not kept for the next: registers are for sums. */
      for (int s = 0; s < strips; s++) __asm__("" : "+r"(at[s].words), "+r"(at[s].lone));
      if (reader.halves == 1) {
        add_group(reader, strips, tokens, whole, 2, at, part, numbers, width, totals);
      } else {
        add_group(reader, strips, tokens, whole, 0, at, part, numbers, width, totals);
        add_group(reader, strips, tokens, whole, 1, at, part, numbers, width, totals);
      }
      if (reader.min) take_mins(reader, strips, tokens, whole, at, part, numbers, width, totals);
    }
#pragma clang loop unroll(full)
    for (int s = 0; s < strips; s++) next_block(&at[s], reader.words);
  }
#pragma clang loop unroll(full)
  for (int s = 0; s < strips; s++) {
#pragma clang loop unroll(full)
    for (int t = 0; t < tokens; t++) {
      _mm512_mask_storeu_ps(y + t * ldy + s * SVK_STRIP, mask, totals[s][t]);
    }
  }
}

#define SVK_STRIP_CASE(n)                                                                          \
  case n:                                                                                          \
    strip_tile(reader, strips, n, 1, at, x.from, n, blocks, y, ldy, accumulates);                  \
    break;

/* Whole strips, an instance per number of tokens. */
SVK_TARGET_AVX512VNNI SVK_INLINE void whole_strips(const strip_reader reader, const int strips,
                                                   const svk_strip *at, rounded_tile x,
                                                   int64_t blocks, float *y, int64_t ldy,
                                                   const int accumulates) {
  switch (x.tokens) {
    SVK_STRIP_CASE(1) SVK_STRIP_CASE(2) SVK_STRIP_CASE(3) SVK_STRIP_CASE(4) SVK_STRIP_CASE(5)
    SVK_STRIP_CASE(6)
  }
  if (strips > 1) return;
  switch (x.tokens) {
    SVK_STRIP_CASE(7) SVK_STRIP_CASE(8) SVK_STRIP_CASE(9) SVK_STRIP_CASE(10) SVK_STRIP_CASE(11)
    SVK_STRIP_CASE(12)
  }
}
#undef SVK_STRIP_CASE

/* All strips of some rows; a matrix's last one, where it is not whole, token by token. */
SVK_TARGET_AVX512VNNI SVK_INLINE void all_strips(const strip_reader reader, svk_weights w,
                                                 int64_t first, int64_t last, int pairs,
                                                 rounded_tile x, float *y, int64_t ldy) {
  int64_t row = first, blocks = w.columns / w.format->block_length;
  for (; pairs && row + 2 * SVK_STRIP <= last; row += 2 * SVK_STRIP) {
    svk_strip at[2] = {svk_strip_at(w, row), svk_strip_at(w, row + SVK_STRIP)};
    whole_strips(reader, 2, at, x, blocks, y + row, ldy, 0);
  }
  for (; row < last; row += SVK_STRIP) {
    svk_strip at = svk_strip_at(w, row);
    if (at.rows == SVK_STRIP) {
      whole_strips(reader, 1, &at, x, blocks, y + row, ldy, 0);
      continue;
    }
    for (int64_t t = 0; t < x.tokens; t++) {
      strip_tile(reader, 1, 1, 0, &at, x.from + 4 * t, x.tokens, blocks, y + t * ldy + row, ldy,
                 0);
    }
  }
}

/* One part of a block as F32. */
SVK_TARGET_AVX512VNNI SVK_INLINE void decode_part(const strip_reader reader, const int whole,
                                                  const strip_block *at, int part, float *out,
                                                  int64_t stride) {
  __m512 scales[2], mins[2];
#pragma clang loop unroll(full)
  for (int half = 0; half < reader.halves; half++) {
    reader.scale(whole, at, part, half, &scales[half]);
    if (reader.min) reader.min(whole, at, part, half, &mins[half]);
  }
#pragma clang loop unroll(full)
  for (int group = 0; group < 8; group++) {
    const int half = reader.halves == 2 ? group / 4 : 0;
    __m512i codes;
    reader.codes(whole, at, part, group, &codes);
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++, out += stride) {
      __m512i code = _mm512_and_si512(_mm512_srli_epi32(codes, 8 * (unsigned)i),
                                      _mm512_set1_epi32(255));
      if (reader.zero) code = _mm512_sub_epi32(code, _mm512_set1_epi32(reader.zero));
      __m512 value = _mm512_mul_ps(_mm512_cvtepi32_ps(code), scales[half]);
      _mm512_storeu_ps(out, reader.min ? _mm512_sub_ps(value, mins[half]) : value);
    }
  }
}

/* svk_strip_decode. */
SVK_TARGET_AVX512VNNI SVK_INLINE void decode_strip(const strip_reader reader, svk_strip strip,
                                                   int64_t first, int64_t count, float *out,
                                                   int64_t stride) {
  for (int64_t n = first; n < first + count; n++, out += SVK_BLOCK * stride) {
    strip_block at;
    int part = strip_part(reader, strip, n, &at);
    if (strip.rows == SVK_STRIP) decode_part(reader, 1, &at, part, out, stride);
    else decode_part(reader, 0, &at, part, out, stride);
  }
}

/* Parts first... of a whole strip as opened.h has them. */
SVK_TARGET_AVX512VNNI SVK_INLINE void open_strip(const strip_reader reader, svk_strip strip,
                                                 int64_t first, int64_t count, uint8_t *to) {
  const __m512i shift = _mm512_set1_epi8((char)(reader.zero ? 128 - reader.zero : 0));
  for (int64_t n = first; n < first + count; n++) {
    strip_block at;
    int part = strip_part(reader, strip, n, &at);
    for (int group = 0; group < 8; group++, to += 64) {
      __m512i codes;
      reader.codes(1, &at, part, group, &codes);
      _mm512_storeu_si512(to, _mm512_add_epi8(codes, shift));
    }
    __m512 numbers;
    for (int half = 0; half < reader.halves; half++, to += 64) {
      reader.scale(1, &at, part, half, &numbers);
      _mm512_storeu_ps(to, numbers);
    }
    for (int half = 0; reader.min && half < reader.halves; half++, to += 64) {
      reader.min(1, &at, part, half, &numbers);
      _mm512_storeu_ps(to, numbers);
    }
  }
}

/* strips_product_<name>, strip_decode_<name>, strip_open_<name>. `min` is the reader of mins or
 * NULL. */
#define SVK_STRIP_KERNELS(name, words, parts, halves, zero, min)                                   \
  SVK_TARGET_AVX512VNNI static void strips_product_##name(svk_weights w, int64_t first,            \
                                                          int64_t last, int pairs,                 \
                                                          rounded_tile x, float *y, int64_t ldy) { \
    const strip_reader reader = {words, parts, halves, zero, codes_##name, scale_##name, min};     \
    all_strips(reader, w, first, last, pairs, x, y, ldy);                                          \
  }                                                                                                \
  SVK_TARGET_AVX512VNNI static void strip_decode_##name(svk_strip strip, int64_t first,            \
                                                        int64_t count, float *out,                 \
                                                        int64_t stride) {                          \
    const strip_reader reader = {words, parts, halves, zero, codes_##name, scale_##name, min};     \
    decode_strip(reader, strip, first, count, out, stride);                                        \
  }                                                                                                \
  SVK_TARGET_AVX512VNNI static void strip_open_##name(svk_strip strip, int64_t first,              \
                                                      int64_t count, uint8_t *to) {                \
    const strip_reader reader = {words, parts, halves, zero, codes_##name, scale_##name, min};     \
    open_strip(reader, strip, first, count, to);                                                   \
  }

#define READS_CODES(name)                                                                          \
  SVK_TARGET_AVX512VNNI SVK_INLINE void codes_##name(const int whole, const strip_block *at,       \
                                                     int part, int group, __m512i *codes)
#define READS_NUMBERS(what, name)                                                                  \
  SVK_TARGET_AVX512VNNI SVK_INLINE void what##_##name(const int whole, const strip_block *at,      \
                                                      int part, int half, __m512 *numbers)

#endif
