/* Formats that store points of a grid, several values by one number, with signs beside them. */
#ifndef SVK_GRIDS_H
#define SVK_GRIDS_H

#include "blocks.h"

extern const uint16_t svk_grid_iq2_xxs[256], svk_grid_iq2_xs[512], svk_grid_iq2_s[1024];
extern const uint16_t svk_grid_iq3_xxs[256], svk_grid_iq3_s[512];
extern const uint16_t svk_grid_iq1[2048];

/* The eight signs that 7 bits stand for: the last makes their number even. */
SVK_INLINE uint32_t even_signs(uint32_t seven) {
  return seven | (uint32_t)__builtin_parity(seven) << 7;
}

/* Eight coordinates of a point of IQ2. */
SVK_INLINE void put_iq2(uint16_t point, uint32_t signs, int8_t *codes) {
  for (int j = 0; j < 8; j++) {
    int number = point >> 2 * j & 3;
    int code = 8 + 17 * number + (number == 2);
    codes[j] = (int8_t)(signs >> j & 1 ? -code : code);
  }
}

/* Four coordinates of a point of IQ3: first + step * number, and `more` for the last number. */
SVK_INLINE void put_iq3(uint16_t point, uint32_t signs, int first, int step, int more,
                        int8_t *codes) {
  for (int j = 0; j < 4; j++) {
    int number = point >> 4 * j & 7;
    int code = first + step * number + (number == 7 ? more : 0);
    codes[j] = (int8_t)(signs >> j & 1 ? -code : code);
  }
}

/* Eight coordinates of a point of IQ1 with an eighth added or taken away, in eighths. */
SVK_INLINE void put_iq1(uint16_t point, int eighth, int8_t *codes) {
  for (int j = 0; j < 8; j++) codes[j] = (int8_t)(8 * ((point >> 2 * j & 3) - 1) + eighth);
}

SVK_INLINE uint32_t word_at(const uint8_t *place) {
  uint32_t word;
  memcpy(&word, place, 4);
  return word;
}

SVK_INLINE uint16_t short_at(const uint8_t *place) {
  uint16_t number;
  memcpy(&number, place, 2);
  return number;
}

#endif
