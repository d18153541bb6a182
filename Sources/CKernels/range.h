/* Encoding of blocks of 32 between their smallest and their largest value, as ggml's reference:
 * d = (max - min) / most, m = min, code = floor((x - m) / d + 0.5). Where values have an
 * importance, d and m are searched for, m no more than 0. */
#ifndef SVK_RANGE_H
#define SVK_RANGE_H

#include "fit_blocks.h"

/* Writes d and m to the first four bytes of `block`, and one code a byte. A block with a NaN has
 * the scale NaN. */
SVK_INLINE void encode_range(const float *x, int most, uint8_t *block, uint8_t *codes) {
  float least = x[0], largest = x[0], sum = 0;
  for (int j = 0; j < SVK_BLOCK; j++) {
    least = x[j] < least ? x[j] : least;
    largest = x[j] > largest ? x[j] : largest;
    sum += x[j] * 0; /* NaN where one is, or is infinite */
  }
  float scale = (largest - least) / (float)most + sum;
  float inverse = scale != 0 ? 1 / scale : 0;
  put_half(block, scale);
  put_half(block + 2, least);
  for (int j = 0; j < SVK_BLOCK; j++) codes[j] = code_of(x[j] - least, inverse, 0.5f, most);
}

SVK_INLINE void fit_range(const float *x, const float *importance, const int most, uint8_t *block,
                          uint8_t *codes) {
  fit_group group;
  affine_fit found;
  load_group(x, importance, 2, &group);
  fit_affine(&group, 2, most, (fit_steps){-10, 10}, &found);
  put_half(block, found.scale);
  put_half(block + 2, -found.min);
  float scale = half_at(block), least = half_at(block + 2), inverse = scale != 0 ? 1 / scale : 0;
  for (int j = 0; j < SVK_BLOCK; j++) codes[j] = code_of(x[j] - least, inverse, 0.5f, most);
}

/* Low halves of 32 codes, two a byte; returns their fifth bits. */
SVK_INLINE uint32_t pack_halves(const uint8_t *codes, uint8_t *place) {
  uint32_t fifth = 0;
  for (int j = 0; j < SVK_BLOCK / 2; j++) {
    place[j] = (uint8_t)((codes[j] & 15) | codes[j + 16] << 4);
  }
  for (int j = 0; j < SVK_BLOCK; j++) fifth |= (uint32_t)(codes[j] >> 4) << j;
  return fifth;
}

#endif
