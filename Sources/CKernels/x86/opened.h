/* Opened strips times a tile of tokens, by halves and mins. */
#include "strips.h"

READS_CODES(opened) {
  (void)part;
  *codes = strip_word(whole, at, group);
}

READS_NUMBERS(scale, opened) {
  (void)part;
  *numbers = _mm512_castsi512_ps(strip_word(whole, at, 8 + half));
}

READS_NUMBERS(min_of_one, opened) {
  (void)part, (void)half;
  *numbers = _mm512_castsi512_ps(strip_word(whole, at, 9));
}

READS_NUMBERS(min_of_two, opened) {
  (void)part;
  *numbers = _mm512_castsi512_ps(strip_word(whole, at, 10 + half));
}

/* Asks for the sums of the pair of strips that comes next: they are pieces of rows, which
 * processors do not follow. */
static inline void ask_for_sums(const float *y, int64_t ldy, int64_t tokens) {
  for (int64_t t = 0; t < tokens; t++) {
    __builtin_prefetch(y + t * ldy);
    __builtin_prefetch(y + t * ldy + SVK_STRIP);
  }
}

/* All strips in pairs, the last maybe alone; added to y or not. */
SVK_TARGET_AVX512VNNI SVK_INLINE void all_opened(const strip_reader reader, svk_opened o,
                                                 rounded_tile x, float *y, int64_t ldy,
                                                 const int accumulates) {
  int64_t step = o.parts * reader.words * 64;
  for (int64_t s = 0; s < o.strips; s += 2) {
    const uint8_t *from = o.from + s * step;
    if (accumulates) ask_for_sums(y + (s + 2) * SVK_STRIP, ldy, x.tokens);
    svk_strip at[2] = {{NULL, from, from, SVK_STRIP}, {NULL, from + step, from + step, SVK_STRIP}};
    if (s + 1 < o.strips) {
      whole_strips(reader, 2, at, x, o.parts, y + s * SVK_STRIP, ldy, accumulates);
    } else {
      whole_strips(reader, 1, at, x, o.parts, y + s * SVK_STRIP, ldy, accumulates);
    }
  }
}

#define OPENED_PRODUCT(name, lines, halves, zero, min)                                             \
  SVK_TARGET_AVX512VNNI static void opened_##name(svk_opened o, rounded_tile x, float *y,          \
                                                  int64_t ldy, int accumulates) {                  \
    const strip_reader reader = {lines, 1, halves, zero, codes_opened, scale_opened, min};         \
    if (accumulates) all_opened(reader, o, x, y, ldy, 1);                                          \
    else all_opened(reader, o, x, y, ldy, 0);                                                      \
  }

OPENED_PRODUCT(one, 9, 1, 128, NULL)
OPENED_PRODUCT(two, 10, 2, 128, NULL)
OPENED_PRODUCT(one_with_mins, 10, 1, 0, min_of_one_opened)
OPENED_PRODUCT(two_with_mins, 12, 2, 0, min_of_two_opened)
